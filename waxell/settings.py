"""Settings: one module for every way of running; what differs is read from the environment.

`manage.py up` sets all of these for its children; docs/reference/settings.md lists them.
"""

import os
from pathlib import Path

from django.utils.csp import CSP

from waxell.lib.database_url import DatabaseAddress
from waxell.lib.mail_server import mailers
from waxell.local.environment import adopt

BASE_DIR = Path(__file__).resolve().parent.parent
WAXELL_HOME = Path(os.environ.get("WAXELL_HOME", BASE_DIR / ".waxell")).absolute()
# Commands typed beside a running `manage.py up` find its database without being told.
WAXELL_ADOPTED = adopt(os.environ, home=WAXELL_HOME)


def _truth(name: str, default: str = "") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes", "on"}


def _words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


# --- how it is reached ------------------------------------------------------------------------
DEBUG = _truth("WAXELL_DEBUG")
# Plain http, for one machine and for tests; everywhere else cookies and redirects insist on https.
INSECURE = DEBUG or _truth("WAXELL_INSECURE")
SECRET_KEY = os.environ.get("WAXELL_SECRET_KEY", "")
# Keys before it: what they signed and encrypted is still read.
SECRET_KEY_FALLBACKS = _words("WAXELL_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = _words("WAXELL_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("WAXELL_TRUSTED_ORIGINS")
ROOT_URLCONF = "waxell.urls"
# WSGI applications around Django's, for what must not wait for it.
WAXELL_DOORS = ["executions.api.door.Door"]
WSGI_APPLICATION = "waxell.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "django_linear_migrations",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "waxell.local",
    "waxell.ledger",
    "waxell.outbox",
    "governance",
    "executions",
]

# Agents call /api/ thousands of times a second: what only the console needs runs only for the console.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "waxell.lib.unread.ReadToEndMiddleware",
    "waxell.lib.metering.MeterMiddleware",
    "waxell.lib.surfaces.ConsoleMiddleware",
]
CONSOLE_MIDDLEWARE = [
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# The checks look for these two in MIDDLEWARE; they are in the console's chain.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.ui.context.console",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- PostgreSQL -------------------------------------------------------------------------------
# One alias, one role a process: `owner` migrates, `app` serves and works, `sealer` seals.
_GENERAL_URL = os.environ.get("DATABASE_URL", "")
_APP_URL = os.environ.get("WAXELL_DATABASE_URL") or _GENERAL_URL or "postgresql:///waxell"
_URLS = {
    "app": _APP_URL,
    "owner": os.environ.get("WAXELL_OWNER_DATABASE_URL") or _GENERAL_URL or _APP_URL,
    "sealer": os.environ.get("WAXELL_SEALER_DATABASE_URL") or _GENERAL_URL or _APP_URL,
}
_ADDRESSES = {role: DatabaseAddress.parse(url) for role, url in _URLS.items()}
DATABASE_AS = os.environ.get("WAXELL_DATABASE_AS", "app")
# Who is who, by login role, for the migrations that grant. All the same where there is one role only.
DATABASE_ROLES = {
    "app": _ADDRESSES["app"].user,
    "owner": os.environ.get("WAXELL_OWNER_ROLE") or _ADDRESSES["owner"].user,
    "sealer": os.environ.get("WAXELL_SEALER_ROLE") or _ADDRESSES["sealer"].user,
}
# For PostgreSQL's own programs, which backup and restore start.
DATABASE_ADDRESSES = _ADDRESSES
DATABASES = {"default": _ADDRESSES[DATABASE_AS].django()}
DATABASES["default"] |= {
    # A connection per thread, kept; a broken one costs one answer, a check costs every answer.
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": False,
}
DATABASES["default"]["OPTIONS"] |= {
    # What is prepared is planned once: the values of one call are no better a guide than those of another.
    "options": "-c search_path=waxell,public -c plan_cache_mode=force_generic_plan",
    "application_name": os.environ.get("WAXELL_PROCESS", "waxell"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and rights ------------------------------------------------------------------------
AUTH_USER_MODEL = "governance.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
# guardian would make an anonymous user row, which the tests' flush removes; strangers have no rights here.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = "governance:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "governance:sign_in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- browsers ---------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = not INSECURE
CSRF_COOKIE_SECURE = not INSECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = not INSECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if INSECURE else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not INSECURE
SECURE_HSTS_PRELOAD = not INSECURE
# Then every request seems to come from the proxy: its address proves nothing.
WAXELL_BEHIND_PROXY = _truth("WAXELL_BEHIND_PROXY")
if WAXELL_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("WAXELL_STATIC_ROOT", WAXELL_HOME / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# --- time and language ------------------------------------------------------------------------
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False

# --- REST -------------------------------------------------------------------------------------
# Larger bodies are refused by the strict parser, which knows what each call may weigh.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Files are parsed before anybody has looked who sends them.
FILE_UPLOAD_HANDLERS = [
    "waxell.lib.uploads.BoundedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
APPEND_SLASH = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["waxell.lib.permissions.Nobody"],
    "DEFAULT_PARSER_CLASSES": ["waxell.lib.json_body.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "waxell.lib.problems.handle_exception",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Waxell",
    "DESCRIPTION": "Ask before acting: decisions, budgets and records for autonomous agents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # A version or the number of an entry, in an address: at most nine digits.
    "PATH_CONVERTER_OVERRIDES": {"version": {"type": "integer", "minimum": 0, "maximum": 999_999_999}},
    "ENUM_NAME_OVERRIDES": {
        "ExecutionState": "executions.api.schemas.STATES",
        "ApprovalState": "executions.api.schemas.APPROVAL_STATES",
        "Verdict": "executions.api.schemas.VERDICTS",
        "WorkflowKind": "governance.api.catalogue.KINDS",
        "DestinationKind": "governance.api.destinations.KINDS",
        "DeliveryState": "governance.api.destinations.STATES",
    },
}

# --- Celery -----------------------------------------------------------------------------------
# WAXELL_BROKER_URL may name a Unix socket; Celery reads CELERY_BROKER_URL by itself and would not understand one.
_BROKER = os.environ.get("CELERY_BROKER_URL") or os.environ.get("WAXELL_BROKER_URL") or _ADDRESSES["app"].url("pgmq")
if _BROKER.startswith("pgmq:"):
    # The queue is SQL in PostgreSQL. Notifications wake the worker; polling is the safety net.
    CELERY_BROKER_URL = "pgmq://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "conn_string": DatabaseAddress.parse(_BROKER).conninfo(),
        "init_extension": False,
        "use_notify": True,
        "wait_time_seconds": 0,
        "polling_interval": 0.05,
        "pool_size": 4,
        "pool_timeout": 5,
    }
else:
    CELERY_BROKER_URL = _BROKER
    CELERY_BROKER_TRANSPORT_OPTIONS = (
        {"unacked_restore_interval": 2, "unacked_restore_throttle": 1} if "redis" in _BROKER.split("://")[0] else {}
    )
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The default retries by the second for as long as a request would wait; a lost ring is rung again by the sweeper.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "waxell"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"

# --- workers ----------------------------------------------------------------------------------
# Modules with workflows of our own; packages offer theirs as entry points of the group `waxell.workflows`.
WAXELL_WORKFLOWS = _words("WAXELL_WORKFLOWS", "executions.workflows.licence_audit")
# How long a worker's process waits for a person. Afterwards the execution stays suspended without one.
WAXELL_HOLD_WAIT_SECONDS = float(os.environ.get("WAXELL_HOLD_WAIT_SECONDS", "300"))

# --- the gateway for MCP clients ----------------------------------------------------------------
WAXELL_GATEWAY = "executions.gateway.asgi:application"
# Where clients reach it, for the console; the gateway's process behind a proxy that maps `/mcp/` to it.
WAXELL_MCP_URL = os.environ.get("WAXELL_MCP_URL", "").rstrip("/")
# Hosts and networks inside the house where tool servers may be, though they are private.
WAXELL_MCP_ALLOW = _words("WAXELL_MCP_ALLOW")
# How long a call waits for a person, for the server behind, and a session for its next call.
WAXELL_MCP_HOLD_SECONDS = float(os.environ.get("WAXELL_MCP_HOLD_SECONDS", "50"))
WAXELL_MCP_CALL_SECONDS = float(os.environ.get("WAXELL_MCP_CALL_SECONDS", "300"))
WAXELL_MCP_SESSION_SECONDS = float(os.environ.get("WAXELL_MCP_SESSION_SECONDS", "900"))

# --- the ledger's checkpoints -----------------------------------------------------------------
# Where checkpoints and tiles leave the database: a directory, or object storage such as s3://bucket/prefix.
WAXELL_PUBLISH_DIR = Path(os.environ.get("WAXELL_PUBLISH_DIR", WAXELL_HOME / "published")).absolute()
WAXELL_PUBLISH_URL = os.environ.get("WAXELL_PUBLISH_URL", "")
# Only the sealer needs the key: in this file, or as text in the environment. A next key takes over once announced.
WAXELL_LEDGER_KEY_FILE = Path(os.environ.get("WAXELL_LEDGER_KEY_FILE", WAXELL_HOME / "keys" / "ledger.ed25519"))
WAXELL_LEDGER_KEY = os.environ.get("WAXELL_LEDGER_KEY", "")
WAXELL_LEDGER_NEXT_KEY = os.environ.get("WAXELL_LEDGER_NEXT_KEY", "")
# Another place for keys: the dotted name of a callable that returns a `waxell.ledger.services.keys.KeyStore`.
WAXELL_LEDGER_KEY_STORE = os.environ.get("WAXELL_LEDGER_KEY_STORE", "waxell.ledger.services.keys.from_settings")
# Who cosigns checkpoints from elsewhere: `URL KEY` each. Whoever holds an older history stops the sealer.
WAXELL_WITNESSES = _words("WAXELL_WITNESSES")
WAXELL_WITNESS_SECONDS = float(os.environ.get("WAXELL_WITNESS_SECONDS", "5"))

# --- messages to the outside ------------------------------------------------------------------
# The console as people reach it, for links in messages; without it they have none.
WAXELL_PUBLIC_URL = os.environ.get("WAXELL_PUBLIC_URL", "").rstrip("/")
# Hosts and networks inside the house that messages may go to, though they are private.
WAXELL_OUTBOX_ALLOW = _words("WAXELL_OUTBOX_ALLOW")
WAXELL_SMTP_URL = os.environ.get("WAXELL_SMTP_URL", "")
MAILERS = mailers(WAXELL_SMTP_URL)
DEFAULT_FROM_EMAIL = os.environ.get("WAXELL_EMAIL_FROM", "waxell@localhost")
# Published checkpoints are told to this webhook of the whole installation, at most once in so many seconds.
WAXELL_CHECKPOINT_WEBHOOK = os.environ.get("WAXELL_CHECKPOINT_WEBHOOK", "")
WAXELL_CHECKPOINT_WEBHOOK_SECRET = os.environ.get("WAXELL_CHECKPOINT_WEBHOOK_SECRET", "")
WAXELL_CHECKPOINT_WEBHOOK_SECONDS = float(os.environ.get("WAXELL_CHECKPOINT_WEBHOOK_SECONDS", "60"))

# --- logs -------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "waxell.lib.log_secrets.HideSecrets"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["secrets"],
        },
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("WAXELL_LOG_LEVEL", "INFO")},
    # Refused requests are answers, not incidents: the ledger and the metrics count them.
    "loggers": {"django.request": {"level": "ERROR"}, "django": {"handlers": [], "propagate": True}},
}
