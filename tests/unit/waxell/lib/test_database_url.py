import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from waxell.lib.database_url import BadDatabaseUrl, DatabaseAddress

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(name=TEXT, user=TEXT, password=TEXT)
def test_any_name_and_password_survive_the_round_trip(name: str, user: str, password: str) -> None:
    address = DatabaseAddress(name=name, user=user, password=password, host="/run/here", port="5433")
    assert DatabaseAddress.parse(address.url()) == address
    # libpq reads both forms, and reads the same from them.
    told = {"dbname": name, "user": user, "password": password, "host": "/run/here", "port": "5433"}
    assert conninfo_to_dict(address.conninfo()) == told
    assert conninfo_to_dict(address.url()) == told


def test_options_and_network_hosts_are_kept() -> None:
    url = "postgresql://app:pw@[::1]:5433/waxell?sslmode=require"
    address = DatabaseAddress.parse(url)
    assert (address.host, address.port, address.options) == ("::1", "5433", {"sslmode": "require"})
    assert address.url() == url


@pytest.mark.parametrize("url", ["", "waxell", "mysql://u:secret@h/d", "postgresql://u:secret@h", "postgres://h:x/d"])
def test_bad_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as refused:
        DatabaseAddress.parse(url)
    assert "secret" not in str(refused.value)


def test_password_is_not_in_the_representation() -> None:
    assert "secret" not in repr(DatabaseAddress.parse("postgresql://u:secret@h/d"))
