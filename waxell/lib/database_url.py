"""Database addresses: from a URL to Django's settings and to libpq's `key=value` form.

Only what libpq itself understands is accepted: `postgresql://user:password@host:port/name?option=value`,
with `?host=/directory` for a Unix socket.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

SCHEMES = frozenset({"postgres", "postgresql", "pgmq"})


class BadDatabaseUrl(ValueError):
    """The database URL is not of the form postgresql://user:password@host:port/name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> "DatabaseAddress":
        """Raise BadDatabaseUrl, which never repeats the URL: it holds a password."""
        parts = urlsplit(url)
        name = unquote(parts.path.removeprefix("/"))
        if parts.scheme not in SCHEMES or not name:
            raise BadDatabaseUrl(BadDatabaseUrl.__doc__)
        try:
            port = str(parts.port or "")
        except ValueError:
            raise BadDatabaseUrl(BadDatabaseUrl.__doc__) from None
        options = dict(parse_qsl(parts.query))
        host = options.pop("host", "") or unquote(parts.hostname or "")
        return cls(
            name=name,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            host=host,
            port=options.pop("port", "") or port,
            options=options,
        )

    def url(self, scheme: str = "postgresql") -> str:
        login = quote(self.user, safe="")
        if self.password:
            login += ":" + quote(self.password, safe="")
        query = dict(self.options)
        network = ""
        if self.host.startswith("/"):
            query["host"] = self.host
            if self.port:
                query["port"] = self.port
        else:
            network = f"[{self.host}]" if ":" in self.host else self.host
            network += f":{self.port}" if self.port else ""
        tail = "?" + urlencode(query, safe="/") if query else ""
        return f"{scheme}://{login}{'@' if login else ''}{network}/{quote(self.name, safe='')}{tail}"

    def django(self) -> dict[str, Any]:
        """What `DATABASES["default"]` needs to reach this address; query options go to OPTIONS."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": self.port,
            "OPTIONS": dict(self.options),
        }

    def conninfo(self) -> str:
        """libpq's `key='value'` form, which any path and password fit into."""
        pairs = {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "password": self.password,
            **self.options,
        }
        return " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items() if value)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
