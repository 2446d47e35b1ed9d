"""What remote locations say to the engine: keys of ours and of a stranger, sealed results, and what came of them."""

from ledger import clock
from monitors.models import RemoteRefusal
from monitors.probes.trace import Trace
from monitors.remote import broker as lists
from monitors.remote import taking
from monitors.remote.envelope import RESULTS, seal
from monitors.remote.keys import private_keys
from monitors.remote.messages import Results, Seen, write
from monitors.remote.parties import engine_keys

PARIS, ROME, STRANGER = (private_keys(bytes([number]) * 32) for number in (11, 12, 13))


def said(monitor, *, by=PARIS, to=None, at=None, batch="b1", **trace):
    at = at or clock.now()
    seen = Seen(monitor.pk, monitor.version, at, False, 10, Trace(**{"status": 200, "total_us": 1000, **trace}))
    body = write(Results("host:1", batch, (seen,)))
    return seal(body, by=by, to=to or engine_keys().public, purpose=RESULTS)


def refusals():
    return dict(RemoteRefusal.objects.values_list("why", "number"))


def send(broker, *messages):
    for message in messages:
        lists.push_results(lists.connect(broker.url), message)
    taking.take_results(clock.now())
