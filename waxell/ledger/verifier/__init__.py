"""The program that checks bundles: one file, which knows nothing of the rest and is given away."""

from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("verify_bundle.py")
