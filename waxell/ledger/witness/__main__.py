import sys

from waxell.ledger.witness.command import main

if __name__ == "__main__":
    sys.exit(main())
