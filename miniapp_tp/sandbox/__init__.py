"""Both providers, imitated on a real socket: the other side of the wire, for tests, demos and trying things out.

It speaks from the vendors' documents and shares no codec with the SDK, so that a mistake of one side shows on the
other. It accepts only what the documents allow. Needs the extra `sandbox`.
"""

from miniapp_tp.sandbox.faults import Fault, Faults
from miniapp_tp.sandbox.grants import CALLBACK_CODE_LIFE, EVENT_CODE_LIFE, Pair, Rules, Spent
from miniapp_tp.sandbox.outbox import Fate, Manner, Outbox, Pushed, PushRules, Sending
from miniapp_tp.sandbox.reviews import Verdict
from miniapp_tp.sandbox.server import Sandbox, SandboxOptions, run

__all__ = [
    "CALLBACK_CODE_LIFE",
    "EVENT_CODE_LIFE",
    "Fate",
    "Fault",
    "Faults",
    "Manner",
    "Outbox",
    "Pair",
    "PushRules",
    "Pushed",
    "Rules",
    "Sandbox",
    "SandboxOptions",
    "Sending",
    "Spent",
    "Verdict",
    "run",
]
