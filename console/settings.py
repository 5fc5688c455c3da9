"""Every setting of Hearth. Each is read from the environment once, typed, and fails loudly."""

import hmac
from pathlib import Path

from console import assets, env
from functions.limits import DEFAULTS

BASE_DIR = Path(__file__).resolve().parent.parent

# --- where things are -------------------------------------------------------------------------------------------

# Everything that must survive: database, packages, spool, credentials. Mode 0700.
HEARTH_DATA = env.directory("HEARTH_DATA", BASE_DIR / ".hearth")
HEARTH_DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
# Unpacked packages, content-addressed by SHA-256. Nodes on several machines need one that they share.
HEARTH_CODE = env.directory("HEARTH_CODE", HEARTH_DATA / "code")
# Sockets, pid files and the generation counter: may be deleted whenever nothing runs.
HEARTH_RUN = HEARTH_DATA / "run"
# Where the edge finds the web server. Whoever can connect to it may say from which address a request comes.
HEARTH_WEB_SOCKET = str(HEARTH_RUN / "web.sock")
# Reports of invocations on their way to the database. Never delete.
HEARTH_SPOOL = HEARTH_DATA / "spool"
for _directory in (HEARTH_CODE, HEARTH_RUN, HEARTH_SPOOL, HEARTH_DATA / "static"):
    _directory.mkdir(exist_ok=True, parents=True, mode=0o700)

# A unix socket's address holds 107 bytes.
if len(str(HEARTH_RUN / "redis.sock").encode()) > 107:
    raise env.SettingError(
        "HEARTH_DATA", str(HEARTH_DATA), "a shorter path: sockets below it must stay under 108 bytes"
    )

# --- who and where we say we are --------------------------------------------------------------------------------

HEARTH_HOST = env.host("HEARTH_HOST", "127.0.0.1")
HEARTH_PORT = env.integer("HEARTH_PORT", 8000, 1, 65535)
HEARTH_REGION = env.text("HEARTH_REGION", "us-east-1", r"[a-z]{2}(-[a-z]+)+-\d", "a region such as us-east-1")
HEARTH_ACCOUNT_ID = env.text("HEARTH_ACCOUNT_ID", "000000000000", r"\d{12}", "twelve digits")
# The address that clients call: a wildcard is good to listen on and no good to call. A node on another machine must be
# told it, for the calls of its functions.
_reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(HEARTH_HOST, HEARTH_HOST)  # noqa: S104
HEARTH_ENDPOINT = env.text(
    "HEARTH_ENDPOINT",
    f"http://{_reachable}:{HEARTH_PORT}",
    r"http://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?",
    "http://host:port",
)
# Refuse permissions that would let everybody in: no new public function URL, no function that any account may call.
HEARTH_BLOCK_PUBLIC_ACCESS = env.flag("HEARTH_BLOCK_PUBLIC_ACCESS")
# What functions reach of the world outside the API of their account: none, unless their tag hearth:network is egress;
# egress, the internet unless it is none; off, nothing whatever they say.
HEARTH_NETWORK = env.text("HEARTH_NETWORK", "none", r"none|egress|off", "none, egress or off")
# Accept any access key and signature, as emulators do. Loopback only.
HEARTH_OPEN = env.flag("HEARTH_OPEN")
if HEARTH_OPEN and HEARTH_HOST not in ("127.0.0.1", "::1", "localhost"):
    raise env.SettingError("HEARTH_OPEN", "1", "HEARTH_HOST to be a loopback address: anybody may call an open server")

# Where the AWS services are that Hearth lacks, for destinations, dead-letter queues and packages: "s3=http://host,..."
# or one URL for all. Without one nothing leaves the machine. Credentials come from boto3's usual chain.
HEARTH_AWS_ENDPOINTS = env.endpoints("HEARTH_AWS_ENDPOINTS")

# Directories, separated by colons, that functions may run from as they are (hot reload). None: no function may.
HEARTH_HOT_RELOAD = env.directories("HEARTH_HOT_RELOAD")
# Where functions may be made of container images from: directories, separated by colons, of OCI image layouts and
# archives; and registries, separated by commas, by a tool of this machine (skopeo or crane) and its credentials.
HEARTH_IMAGES = env.directories("HEARTH_IMAGES")
HEARTH_REGISTRIES = env.registries("HEARTH_REGISTRIES")

# --- sizes ------------------------------------------------------------------------------------------------------

# Processes of the web server, and threads in each, started on demand: a call of a function URL holds one while it runs,
# and so do invocations with a streamed response or a payload over 64 KiB.
HEARTH_WEB_WORKERS = env.integer("HEARTH_WEB_WORKERS", 2, 1, 64)
HEARTH_WEB_THREADS = env.integer("HEARTH_WEB_THREADS", 128, 1, 1024)
# Sandboxes kept ready per runtime that is in use.
HEARTH_POOL_SIZE = env.integer("HEARTH_POOL_SIZE", 4, 0, 256)
# The capacity provider, a name or an ARN, whose functions this worker node runs, and no others; empty: it runs those of
# none.
HEARTH_CAPACITY_PROVIDER = env.text(
    "HEARTH_CAPACITY_PROVIDER",
    "",
    r"(|(arn:aws:lambda:[a-z0-9-]+:\d{12}:capacity-provider:)?[A-Za-z0-9_-]{1,64})",
    "a capacity provider's name of at most 64 characters, or its ARN",
)
# The worker node's name, where a machine has several: a second one needs one.
HEARTH_NODE = env.text("HEARTH_NODE", "", r"[A-Za-z0-9_-]{0,32}", "a name of at most 32 letters, digits, - and _")
# An address of this machine, host:port, where web processes of other machines reach this node, and the secret that both
# ends of such a connection must know. What goes over it is not encrypted: for private networks.
HEARTH_NODE_ADDRESS = env.text(
    "HEARTH_NODE_ADDRESS",
    "",
    r"(|(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5})",
    "an IP address and a port: 10.0.0.5:7000",
)
HEARTH_NODE_SECRET = env.text("HEARTH_NODE_SECRET", "", r"(|.{16,})", "at least 16 characters")
if HEARTH_NODE_ADDRESS and not HEARTH_NODE_SECRET:
    raise env.SettingError("HEARTH_NODE_ADDRESS", HEARTH_NODE_ADDRESS, "HEARTH_NODE_SECRET to be set as well")
# Seconds that a node which is told to end leaves to what it runs.
HEARTH_DRAIN_SECONDS = env.integer("HEARTH_DRAIN_SECONDS", 15, 0, 960)
# Seconds an execution environment stays after its last invocation.
HEARTH_IDLE_SECONDS = env.integer("HEARTH_IDLE_SECONDS", 600, 1, 86_400)
# CPU time by memory, one whole CPU at 1,769 MB: a share, so that a function may use what nobody else wants, or a quota
# as on AWS, which it never exceeds after its init.
HEARTH_CPU = env.text("HEARTH_CPU", "share", r"share|quota", "share or quota")
# What a worker node holds at most: environments, and MB as configured for them (0: twice what the machine has, for
# functions rarely use what they are given). Beyond it the one that has been idle longest ends.
HEARTH_NODE_ENVIRONMENTS = env.integer("HEARTH_NODE_ENVIRONMENTS", 1000, 1, 2048)
HEARTH_NODE_MEMORY_MB = env.integer("HEARTH_NODE_MEMORY_MB", 0, 0, 100_000_000)
# MB of the machine's memory that functions leave to others (0: a twentieth of it, at least 256). Idle environments
# end while less is available.
HEARTH_NODE_RESERVE_MB = env.integer("HEARTH_NODE_RESERVE_MB", 0, 0, 100_000_000)
# Invocations at once in one account: AWS's default.
HEARTH_CONCURRENCY = env.integer("HEARTH_CONCURRENCY", 1000, 1, 100_000)
# Other limits than AWS's, by the names of functions/limits.py: "tags=100,zipped_bytes=100000000".
HEARTH_LIMITS = env.numbers("HEARTH_LIMITS", DEFAULTS)
# Threads of the Celery worker: asynchronous invocations in flight on one node.
HEARTH_ASYNC_THREADS = env.integer("HEARTH_ASYNC_THREADS", 16, 1, 1024)
# Days that log lines and invocation records are kept where the log group does not say.
HEARTH_RETENTION_DAYS = env.integer("HEARTH_RETENTION_DAYS", 30, 1, 3653)
# Seconds before the first retry of a failed asynchronous invocation, and before the second: AWS's figures.
HEARTH_RETRY_SECONDS = (
    env.integer("HEARTH_RETRY_FIRST_SECONDS", 60, 0, 3600),
    env.integer("HEARTH_RETRY_SECOND_SECONDS", 120, 0, 3600),
)

# --- Django -----------------------------------------------------------------------------------------------------

SECRET_KEY = env.secret(HEARTH_DATA / "secret-key")
# What the temporary credentials of execution roles are signed with. Nodes on other machines make them too.
HEARTH_SESSION_KEY = hmac.digest((HEARTH_NODE_SECRET or SECRET_KEY).encode(), b"sessions of roles", "sha256")
DEBUG = False
# Requests are told apart by signature and session, not by the name they came by; the front door binds one address.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
AUTH_USER_MODEL = "functions.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "monitoring",
    "functions",
    "console",
]

# The order matters: an AWS request leaves for the gateway before sessions and CSRF are touched.
MIDDLEWARE = [
    "console.gateway.middleware.GatewayMiddleware",
    "console.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.sessions.BrowserSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.pages.context.shell",
            ],
            "builtins": ["console.templatetags.hearth", "console.templatetags.copy_as"],
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL", HEARTH_DATA / "hearth.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# The session cookie cannot be read by scripts nor sent from other sites.
SESSION_COOKIE_NAME = f"hearth_{HEARTH_PORT}"  # two instances on one host must not log each other out
CSRF_COOKIE_NAME = f"hearth_csrf_{HEARTH_PORT}"
CSRF_FAILURE_VIEW = "console.pages.problems.csrf_failed"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# A package may be 50 MB zipped, and is base64 in JSON: the gateway reads that itself, with its own limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 72 * 1024 * 1024
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

# The address says what is there: a browser keeps it for good, and asks for what a release has changed.
STATIC_URL = f"/static/{assets.digest(BASE_DIR / 'static')}/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = HEARTH_DATA / "static"
WHITENOISE_USE_FINDERS = True  # served straight from static/: no collectstatic step
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/"

REST_FRAMEWORK: dict[str, object] = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_PERMISSION_CLASSES": [],
}

# --- Celery and Redis -------------------------------------------------------------------------------------------

# A URL with a unix socket by default: the embedded server has no port.
REDIS_URL = env.redis_url("REDIS_URL", f"unix://{HEARTH_RUN / 'redis.sock'}")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
# The row in the database is the truth; nothing reads a task's result.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "hearth"
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = HEARTH_ASYNC_THREADS
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A message only wakes a worker and the tick sends it again: whoever accepts an event does not wait for a broker that is
# away (kombu's own patience is 6 seconds).
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
CELERY_BEAT_SCHEDULE_FILENAME = str(HEARTH_RUN / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Losing a Celery message costs a second: this re-sends what is due and not leased.
    "wake-due-events": {"task": "functions.tasks.wake_due_events", "schedule": 1.0, "options": {"expires": 5}},
    "fire-due-schedules": {"task": "functions.tasks.fire_due_schedules", "schedule": 1.0, "options": {"expires": 5}},
    "remove-unused-packages": {"task": "functions.tasks.remove_unused_packages", "schedule": 600.0},
    "fetch-images": {"task": "functions.tasks.fetch_images", "schedule": 5.0, "options": {"expires": 5}},
    "check-code-references": {"task": "functions.tasks.check_code_references", "schedule": 3600.0},
    "remove-expired": {"task": "functions.tasks.remove_expired", "schedule": 900.0},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # A 404 is no news; what a task does is said by what it calls, and the tick comes every second.
        "django.request": {"level": "ERROR"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
