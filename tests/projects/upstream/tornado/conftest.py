"""What tornado's own runner of tests does before it starts, and its tox: no test expects the records of requests."""

import logging
import os

logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
os.environ["ASYNC_TEST_TIMEOUT"] = "25"
