"""Code that runs inside the Rasa server process.

Importing this package switches Rasa's telemetry and error reporting off: nothing that people
write here may reach a third party, whichever way the server was started.
"""

import os

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
