from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.support.waiting import wait_for

EVERY_SECOND = """
@app.timer_trigger(arg_name="timer", schedule="%TICK%", use_monitor=True)
def tick(timer: func.TimerRequest):
    note(past_due=timer.past_due, began=time.time())
    time.sleep(float(os.environ.get("NAP", "0")))
    note(ended=time.time())
"""


def test_one_of_two_instances_fires_by_the_schedule(toy: Toy) -> None:
    toy.env["TICK"] = "* * * * * *"
    toy.write(EVERY_SECOND)

    host = toy.start("--instances", "2")

    notes = [note for note in toy.wait_for_notes(6) if "began" in note][:3]
    seconds = [note["began"] for note in notes]
    assert [int(second) - int(seconds[0]) for second in seconds] == [0, 1, 2]
    assert all(second % 1 < 0.5 for second in seconds)
    assert len({note["pid"] for note in notes}) == 1
    assert notes[0]["pid"] in host.ready["pids"]
    assert not any(note["past_due"] for note in notes)


def test_the_other_instance_takes_over_at_once_when_the_first_ends_in_order(toy: Toy) -> None:
    toy.env["TICK"] = "* * * * * *"
    toy.write(EVERY_SECOND)
    first, second = toy.start(), toy.start()
    toy.wait_for_notes(2)
    owner = toy.notes()[0]["pid"]

    {first.pid: first, second.pid: second}[owner].stop()

    # The lease of an instance that is killed runs for another 15 s.
    wait_for(lambda: any(note["pid"] != owner for note in toy.notes()), timeout=12)


def test_a_run_that_takes_longer_than_the_interval_is_not_overlapped(toy: Toy) -> None:
    toy.env.update(TICK="* * * * * *", NAP="1.2")
    toy.write(EVERY_SECOND)

    toy.start()

    assert ["began" in note for note in toy.wait_for_notes(3)] == [True, False, True]


def test_what_was_missed_is_made_up_for_once(storage: Storage, toy: Toy) -> None:
    toy.env["TICK"] = "0 0 0 1 1 *"
    toy.write(EVERY_SECOND)
    host = toy.start()
    status = storage.blobs.get_blob_client("azure-webjobs-hosts", "timers/local/Host.Functions.tick/status")
    wait_for(status.exists)
    kept = json.loads(status.download_blob().readall())
    assert (datetime.fromisoformat(kept["Next"]) - datetime.now(UTC)) > timedelta(0)
    host.stop()
    assert toy.notes() == []

    kept["Next"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    status.upload_blob(json.dumps(kept), overwrite=True)
    toy.start()

    began, _ended = toy.wait_for_notes(2)
    assert began["past_due"] is True
    wait_for(lambda: json.loads(status.download_blob().readall())["Next"] > datetime.now(UTC).isoformat())
    kept = json.loads(status.download_blob().readall())
    assert kept.keys() == {"Last", "Next", "LastUpdated"}
    assert abs(datetime.fromisoformat(kept["Last"]).timestamp() - began["began"]) < 1


def test_run_on_startup(toy: Toy) -> None:
    toy.write("""
        @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
        async def tick(timer: func.TimerRequest):
            note(past_due=timer.past_due)
            raise ValueError("a timer that fails is not tried again")
        """)

    host = toy.start()

    (note,) = toy.wait_for_notes(1)
    assert note["past_due"] is False
    wait_for(lambda: "Failed tick" in host.log.read_text())
    assert "a timer that fails is not tried again" in host.log.read_text()
