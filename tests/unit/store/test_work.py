"""gateway/store/work.py"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.clock import instant
from gateway.core.errors import LeaseLostError
from gateway.store import work
from gateway.store.engine import open_store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = work.LEASES["process"]


def put(store, *subjects, lane="clinic:a"):
    for subject in subjects:
        store.write(lambda c, subject=subject: work.add(c, lane=lane, task="process", subject=subject))


def claim(store, worker="w1", now=NOW, limit=10):
    return store.write(lambda c: work.claim(c, task="process", worker=worker, now=now, limit=limit))


def subjects(jobs):
    return [job.subject for job in jobs]


def test_one_row_of_each_lane_is_given_and_the_next_waits_until_it_is_finished(store):
    put(store, "a1", "a2")
    put(store, "b1", lane="clinic:b")
    first = claim(store)
    assert subjects(first) == ["a1", "b1"]
    assert claim(store, "w2") == []
    store.write(lambda c: work.finish(c, first[0]))
    assert subjects(claim(store, "w2")) == ["a2"]


def test_a_row_whose_worker_is_gone_is_given_again_and_the_attempts_are_counted(store):
    put(store, "a1")
    claim(store)
    assert claim(store, "w2", NOW + LEASE - timedelta(seconds=1)) == []
    (again,) = claim(store, "w2", NOW + LEASE)
    assert (again.subject, again.attempts) == ("a1", 2)


def test_a_worker_that_slept_past_its_lease_cannot_finish(store):
    put(store, "a1")
    (slept,) = claim(store)
    (taken,) = claim(store, "w2", NOW + LEASE)
    for late in (work.finish, work.release):
        with pytest.raises(LeaseLostError):
            store.write(lambda c, late=late: late(c, slept))
    store.write(lambda c: work.finish(c, taken))
    assert store.read(work.depths)["process"] == 0


def test_what_is_released_waits_until_it_is_due_and_holds_its_lane(store):
    put(store, "a1", "a2")
    (job,) = claim(store)
    due = NOW + timedelta(minutes=5)
    store.write(lambda c: work.release(c, job, due=instant(due)))
    assert claim(store) == []
    assert subjects(claim(store, now=due)) == ["a1"]


def test_an_attempt_that_was_not_the_work_s_fault_is_not_counted(store):
    put(store, "a1")
    (job,) = claim(store)
    store.write(lambda c: work.release(c, job, forgive=True))
    (again,) = claim(store)
    assert again.attempts == 1


def test_a_clock_set_back_leaves_no_lease_stuck_and_delays_no_new_work(store):
    put(store, "a1")
    claim(store, now=NOW + timedelta(hours=1))
    put(store, "b1", lane="clinic:b")
    assert subjects(claim(store, "w2", NOW)) == ["a1", "b1"]


def test_work_that_waits_is_not_doubled_but_work_in_hand_is_followed_by_another(store):
    def again(connection):
        return work.add_once(connection, lane="clinic:a", task="process", subject="a1")

    assert [store.write(again), store.write(again)] == [True, False]
    claim(store)
    assert store.write(again)


def test_at_the_start_of_the_only_process_leases_of_the_dead_are_void(store):
    put(store, "a1")
    claim(store)
    store.write(work.free_all)
    assert subjects(claim(store, "w2")) == ["a1"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "claim", "finish", "release", "kill", "wait"]), st.integers(0, 3)), max_size=60
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_whatever_workers_do_nothing_is_lost_doubled_or_out_of_order(tmp_path_factory, steps):
    """Random workers that claim, finish, release, die and sleep; in the end each lane was done in its order."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('work')}/s.db")
    now, put_in, done, held = NOW, [], [], {}
    for step, number in steps:
        if step == "put":
            name = f"{number}-{len(put_in):03}"
            put_in.append(name)
            put(store, name, lane=f"lane:{number}")
        elif step == "claim":
            held.setdefault(number, []).extend(claim(store, f"w{number}", now, 2))
        elif step == "wait":
            now += LEASE / 2
        elif step == "kill":
            held.pop(number, None)
        elif held.get(number):
            job = held[number].pop(0)
            try:
                if step == "finish":
                    store.write(lambda c, job=job: work.finish(c, job))
                    done.append(job.subject)
                else:
                    store.write(lambda c, job=job: work.release(c, job))
            except LeaseLostError:
                pass
    while jobs := claim(store, "last", now := now + 3 * LEASE):
        for job in jobs:
            store.write(lambda c, job=job: work.finish(c, job))
            done.append(job.subject)
    store.close()
    assert sorted(done) == sorted(put_in)
    for lane in {name[0] for name in done}:
        in_lane = [name for name in done if name[0] == lane]
        assert in_lane == sorted(in_lane)
