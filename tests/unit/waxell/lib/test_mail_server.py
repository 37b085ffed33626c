"""The mail server as one URL."""

import pytest

from waxell.lib.mail_server import mailers


def test_no_url_is_no_mailer() -> None:
    assert mailers("") == {}


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.com", 587, True, False),
        ("smtps://mail.example.com", 465, False, True),
        ("smtp+plain://127.0.0.1:2525", 2525, False, False),
    ],
)
def test_the_scheme_says_how_it_is_encrypted(url: str, port: int, starttls: bool, tls: bool) -> None:
    options = mailers(url)["default"]["OPTIONS"]
    assert (options["port"], options["use_tls"], options["use_ssl"]) == (port, starttls, tls)


def test_name_and_password_are_decoded() -> None:
    options = mailers("smtps://waxell%40example.com:p%2Fw@mail.example.com")["default"]["OPTIONS"]
    assert (options["username"], options["password"]) == ("waxell@example.com", "p/w")


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://"])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="WAXELL_SMTP_URL"):
        mailers(url)
