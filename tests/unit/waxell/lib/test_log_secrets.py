import io
import logging

from waxell.lib.log_secrets import HideSecrets


def logged(write) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(HideSecrets())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    write(logger)
    return stream.getvalue()


def test_api_key_in_an_argument_keeps_its_id_only() -> None:
    text = logged(lambda logger: logger.warning("refused %s", "wxk_ab12_S3cret-_x"))
    assert text == "refused wxk_ab12_***\n"


def test_password_in_a_traceback_is_hidden() -> None:
    def fail(logger: logging.Logger) -> None:
        try:
            raise OSError("no answer from postgresql://app:S3cret@host/db")
        except OSError:
            logger.exception("lost")

    text = logged(fail)
    assert "S3cret" not in text
    assert "postgresql://app:***@host/db" in text
