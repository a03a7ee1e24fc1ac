"""The Azure Functions app: registers the functions and nothing else."""

import gc
import logging

import azure.functions as func

from functions.clock import blueprint as clock
from functions.delivery import blueprint as delivery
from functions.intake import blueprint as intake
from functions.reporting import blueprint as reporting
from functions.support import blueprint as support

# One line for each request to storage, with all its headers, is what the SDK logs at INFO.
logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
logging.getLogger("azure.identity").setLevel(logging.WARNING)

# Circles of objects are looked for after 10,000 new ones instead of 700: records of people come and go by the hundred
# thousand, and none is in a circle. It is a tenth of the processor that a plan takes.
gc.set_threshold(10_000, 20, 20)

app = func.FunctionApp()
app.register_functions(intake)
app.register_functions(delivery)
app.register_functions(reporting)
app.register_functions(clock)
app.register_functions(support)
