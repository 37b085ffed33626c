"""The journal: intents and answers survive what happens to the file."""

from pathlib import Path

from waxell_client.conversation import Reply
from waxell_client.journal import Journal, read

RECEIPT = {"stream": "s", "seq": 2, "digest": "sha256:00"}


def test_an_intent_is_read_with_its_answer(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.intend("one", "/executions/", b'{"workflow":"errand"}')
    journal.intend("two", "/executions/1/close/", b"{}")
    journal.ungoverned("tool.call", "search", "away")
    journal.answered("one", Reply(status=201, body={"receipt": RECEIPT}))

    first, second = read(journal.path)

    assert (first.key, first.body, first.status, first.receipt) == ("one", {"workflow": "errand"}, 201, RECEIPT)
    assert (second.key, second.status, second.receipt) == ("two", None, None)
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_is_no_intent(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.intend("one", "/executions/", b"{}")
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[:20])

    assert [intent.key for intent in read(journal.path)] == ["one"]


def test_a_late_results_receipt_is_its_addendum(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.intend("one", "/executions/1/actions/2/result/", b"{}")
    journal.answered("one", Reply(status=409, body={"code": "execution_closed", "addendum": RECEIPT}))

    (intent,) = read(journal.path)

    assert (intent.status, intent.receipt) == (409, RECEIPT)
