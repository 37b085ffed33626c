"""Both places to publish behave alike; files are whole and keys private."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from waxell.ledger.services import keys
from waxell.ledger.services.keys import FileKeys
from waxell.ledger.services.stores import Store, StoreUnreachable
from waxell.ledger.services.stores.directory import DirectoryStore
from waxell.ledger.services.stores.objects import ObjectStore

MAKERS = {
    "directory": lambda path: DirectoryStore(path=path / "published"),
    "objects in memory": lambda path: ObjectStore(bucket=MemoryStore()),
    "objects in files": lambda path: ObjectStore(bucket=LocalStore(path)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_a_store_keeps_replaces_and_forgets(make: Callable[[Path], Store], tmp_path: Path) -> None:
    store = make(tmp_path)
    assert store.read("logs/1/checkpoint") is None
    store.write("logs/1/checkpoint", b"one")
    store.write("logs/1/checkpoint", b"two")
    store.write("logs/1/tile/0/000.p/5", b"tile")
    assert store.read("logs/1/checkpoint") == b"two"
    store.remove(["logs/1/tile/0/000.p/5", "logs/1/tile/0/000.p/6"])
    assert store.read("logs/1/tile/0/000.p/5") is None
    store.write("logs/1/tile/0/000", b"full")
    assert store.read("logs/1/tile/0/000") == b"full"


def test_a_directory_leaves_no_drafts_and_says_when_it_cannot_be_reached(tmp_path: Path) -> None:
    store = DirectoryStore(path=tmp_path)
    store.write("a/b/c", b"x")
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["c"]
    with pytest.raises(StoreUnreachable):
        store.write("a/b/c/d", b"x")


def test_unreachable_object_storage_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    store = ObjectStore.at("s3://bucket/prefix")
    with pytest.raises(StoreUnreachable):
        store.read("checkpoint")
    with pytest.raises(StoreUnreachable):
        ObjectStore.at("nonsense")


def test_keys_are_private_files_that_are_never_overwritten(tmp_path: Path) -> None:
    store = FileKeys(path=tmp_path / "keys" / "ledger.ed25519")
    with pytest.raises(keys.KeyMissing):
        store.current()
    first = store.create("a.example")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    with pytest.raises(keys.KeyExists):
        store.create("a.example")
    assert store.current() == first
    assert store.next() is None

    second = store.rotate()
    assert second.name == first.name
    with pytest.raises(keys.KeyExists):
        store.rotate()
    assert (store.current(), store.next()) == (first, second)
    store.promote()
    store.promote()
    assert (store.current(), store.next()) == (second, None)
    assert [file.name for file in store.path.parent.iterdir()] == ["ledger.ed25519"]


def test_a_spoilt_key_is_not_a_missing_one(tmp_path: Path) -> None:
    store = FileKeys(path=tmp_path / "ledger.ed25519")
    store.path.write_text("PRIVATE+KEY+a+00000000+AAAA")
    with pytest.raises(keys.KeyUnreadable):
        store.current()
    with pytest.raises(keys.KeyUnreadable):
        keys.EnvironmentKeys(text="").current()
