"""The database grows: CPU at 97, the alarm, the real scaler, and boto3 looks at what became of the database."""

import contextlib
import threading
import time

import pytest

from scaling import scaled

SMALL, NEXT, AFTER_NEXT = "db.r7g.large", "db.r7g.xlarge", "db.r7g.2xlarge"


@pytest.fixture(scope="module")
def rds(ministack, tmp_path_factory):
    with scaled(ministack, tmp_path_factory.mktemp("rds"), ('class = "db.t4g.micro"', f'class = "{SMALL}"')) as found:
        yield found


@pytest.fixture
def small(rds):
    rds.begin_again(DBInstanceClass=SMALL)
    return rds


def test_cpu_at_97_makes_the_database_larger(rds, capsys):
    # The first test: nothing else was ever measured.
    rds.rings()
    rds.meter.show(97)
    rang = time.monotonic()
    told = rds.ring()
    took = time.monotonic() - rang
    assert told["did"] == "changed", told
    assert rds.instance()["DBInstanceClass"] == NEXT
    (change,) = rds.history()
    assert (change["from"], change["to"]) == ({"class": SMALL}, {"class": NEXT})
    assert (change["by"], change["failed"], change["cpuBefore"]) == ("spoke-judge-scaler", None, 97)
    assert rds.ledger()["active"]["base"] == {"class": SMALL}
    notices = [one for one in rds.notices() if one and one.startswith("Spoke judge")]
    assert notices == [f"Spoke judge: the database becomes {NEXT}", f"Spoke judge: the database is {NEXT} now"], notices
    with capsys.disabled():
        print(f"\n   CPU at 97: {SMALL} was {NEXT} {took:.1f} s after the alarm rang")


def test_two_alarms_at_once_make_one_change(small):
    small.meter.show(97)
    told = small.at_once(2)
    did = sorted(one["did"] for one in told)
    # Whoever comes second finds the lock taken, or, if the first was done already, numbers older than the change.
    assert did in (["changed", "locked"], ["changed", "nothing"]), told
    assert small.instance()["DBInstanceClass"] == NEXT
    assert len([one for one in small.notices() if one == f"Spoke judge: the database becomes {NEXT}"]) == 1
    assert small.ledger()["number"] == 1


def test_an_event_that_comes_again_changes_nothing_again(small):
    small.meter.show(97)
    assert small.ring()["did"] == "changed"
    for _ in range(3):
        assert small.ring()["did"] == "nothing"
    assert small.instance()["DBInstanceClass"] == NEXT
    assert small.ledger()["number"] == 1


def test_a_flapping_metric_respects_the_cool_down(small):
    small.meter.show(97)
    assert small.ring()["did"] == "changed"
    # Up and down, two of three over the line, for as long as somebody asks: the cool-down holds.
    small.meter.show(97, 97, 20)
    told = [wake() for _ in range(4) for wake in (small.ring, small.wake)]
    assert {one["did"] for one in told} == {"nothing"}, told
    assert [one for one in told if "the last change is too recent" in one["why"]], told
    assert small.instance()["DBInstanceClass"] == NEXT
    # It was the cool-down and nothing else: once it is over, the same numbers make the next change.
    small.pass_minutes(61)
    small.meter.show(97)
    assert small.ring()["did"] == "changed"
    assert small.instance()["DBInstanceClass"] == AFTER_NEXT
    assert small.ledger()["number"] == 2


def test_one_value_of_three_is_no_load_to_size_by(small):
    small.meter.show(97, 20, 20)
    told = [small.ring() for _ in range(6)]
    assert {one["did"] for one in told} == {"nothing"}, told
    assert small.instance()["DBInstanceClass"] == SMALL


def test_a_database_nobody_texts_with_is_not_enlarged(small):
    """CPU at 97 while our functions are hardly called is one statement or one job: a larger database helps nobody."""
    small.meter.show(97, calls=3)
    told = small.ring()
    assert told["did"] == "refused", told
    assert "that is not texting" in told["why"]
    assert small.instance()["DBInstanceClass"] == SMALL


def test_the_next_deploy_keeps_it_large(small):
    small.meter.show(97)
    assert small.ring()["did"] == "changed"
    small.copy.deploy()
    assert small.instance()["DBInstanceClass"] == NEXT


# --- Aurora ---------------------------------------------------------------------------------------------------------

AURORA = ('kind = "rds"\nversion = "16.9"\nclass = "db.t4g.micro"\nstorage_gib = 20\n', 'kind = "aurora"\nversion = "16.6"\n')


@pytest.fixture(scope="module")
def aurora(ministack, tmp_path_factory):
    old, new = AURORA
    with scaled(ministack, tmp_path_factory.mktemp("aurora"), (old, f'{new}class = "{SMALL}"\n')) as found:
        yield found


def members(scaled):
    """The members of the cluster with their classes, the writer first."""
    found = sorted(scaled.cluster()["DBClusterMembers"], key=lambda one: not one["IsClusterWriter"])
    names = [one["DBInstanceIdentifier"] for one in found]
    return [(name, scaled.instance(name)["DBInstanceClass"]) for name in names]


def test_aurora_changes_by_a_reader_of_the_new_class_that_takes_over(aurora):
    assert members(aurora) == [("spoke-judge-1", SMALL)]
    aurora.meter.show(97)
    # A second pair of eyes: which members there were, one after the other, while the scaler was at work.
    seen, over = [], threading.Event()

    def look():
        while not over.is_set():
            with contextlib.suppress(aurora.cloud.rds.exceptions.ClientError):
                if (now := members(aurora)) and now not in seen[-1:]:
                    seen.append(now)

    watcher = threading.Thread(target=look)
    watcher.start()
    told = aurora.ring()
    over.set()
    watcher.join(30)
    assert told["did"] == "changed", told
    # What the stack made is there as before, only larger: the next release finds what it knows.
    assert members(aurora) == [("spoke-judge-1", NEXT)]
    # The guest came and had the writing for as long as the other was changed: writers stand first.
    guest = ("spoke-judge-1-scaling", NEXT)
    assert any(state[0] == guest for state in seen), seen
    (change,) = aurora.history()
    assert change["failed"] is None
    aurora.copy.deploy()
    assert members(aurora) == [("spoke-judge-1", NEXT)]


@pytest.fixture(scope="module")
def serverless(ministack, tmp_path_factory):
    old, new = AURORA
    range_ = "min_capacity = 0.5\nmax_capacity = 8\n"
    new = new.replace('"aurora"', '"aurora-serverless"')
    with scaled(ministack, tmp_path_factory.mktemp("serverless"), (old, new + range_)) as found:
        yield found


def capacity(scaled):
    told = scaled.cluster()["ServerlessV2ScalingConfiguration"]
    return told["MinCapacity"], told["MaxCapacity"]


def test_aurora_serverless_gets_another_range(serverless):
    assert capacity(serverless) == (0.5, 8)
    serverless.meter.show(97)
    told = serverless.ring()
    assert told["did"] == "changed", told
    # A low floor climbs slowly, so it rises with the ceiling.
    assert capacity(serverless) == (1, 16)
    assert serverless.history()[0]["to"] == {"min": 1.0, "max": 16.0}
    # The next deploy renders what is there.
    serverless.copy.deploy()
    assert capacity(serverless) == (1, 16)
