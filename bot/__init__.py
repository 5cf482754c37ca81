"""Code that runs inside the Rasa server process.

Importing this package switches Rasa's telemetry and error reporting off, and silences its
structured debug log, which prints what people write: neither a third party nor a log file may see
it, whichever way the server was started.
"""

import logging
import os

import structlog

os.environ["RASA_TELEMETRY_ENABLED"] = "false"

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
