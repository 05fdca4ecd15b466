"""Rules on the discussion: whether there was any, whether anybody was told, and who takes part."""

from datetime import timedelta
from itertools import combinations
from typing import Final

from governance.flags.case import Case, Said
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown
from governance.flags.words import likeness

ADMIN_WITHIN: Final = timedelta(days=7)
THREAD_AGE: Final = timedelta(hours=48)
ACCOUNT_AGE: Final = timedelta(days=30)
BURST: Final = 3
BURST_WITHIN: Final = timedelta(hours=24)
ALIKE: Final = 0.9
# More posts of one proposal than this are not compared pairwise; the newest are. Of each so much is compared: a copy shows by then,
# and the 19,900 pairs of 200 posts stay within a second or two.
_MOST_POSTS: Final = 200
_COMPARED: Final = 600
_LEAST_WORDS: Final = 4


@rule(
    "R10",
    "Alarm suppressed",
    version=3,
    source="Build Finance, February 2022: the attacker disabled the Discord alerts",
    threshold="an expected notification is missing while an executable proposal is live; or who may silence them changed within 7 days",
    clears_when="the notification is made good, and the vote lasts long enough after it",
    who_can_act="anybody: tell the members elsewhere; a guardian",
)
def suppressed_alarm(case: Case) -> Answer:
    """Members were not told. When the administrators last changed must be known: they are how the alarm is switched off."""
    if case.executable is False:
        return clear("It executes nothing.")
    notices = case.chain.notices
    if notices is None:
        return unknown("which notifications were due and which came")
    missing = sorted(notices.expected - notices.seen)
    # A change while the vote ran stays one when the vote is long over.
    moment = case.as_of if case.ends_at is None else min(case.as_of, case.ends_at)
    changed = notices.admin_changed_at is not None and notices.admin_changed_at >= moment - ADMIN_WITHIN
    inputs = {"expected": sorted(notices.expected), "missing": missing, "admin_changed_at": notices.admin_changed_at}
    if missing or changed:
        words = [f"no notification by {', '.join(missing)}"] if missing else []
        words += ["who may silence notifications changed within 7 days"] if changed else []
        return fired(f"Members may not have been told: {'; '.join(words)}.", value=len(missing), severity=Severity.CRITICAL, inputs=inputs)
    if not notices.expected:
        return unknown("any channel that notifies the members", inputs=inputs)
    if case.executable is None:
        return unknown("whether it executes anything", inputs=inputs)
    if notices.admin_changed_at is None:
        return unknown("when who may silence notifications last changed", inputs=inputs)
    return clear("Every expected notification came.", value=0, inputs=inputs)


@rule(
    "R11",
    "No discussion",
    version=2,
    source="critics of Compound 289: no discussion before, an anonymous delegate",
    threshold="executable, without a linked thread opened 48 h or more before the vote, or the thread's account is younger than 30 days",
    clears_when="a thread is linked and has stood for 48 h",
    who_can_act="the proposer: link or open a thread; delegates: ask for one",
)
def no_discussion(case: Case) -> Answer:
    """Nobody could say anything before the vote. The age of every thread's account must be known: one that is young fires."""
    opens = case.starts_at or case.created_at
    threads = case.threads
    if threads is None:
        return unknown("where the DAO's proposals are discussed")
    aged = [each for each in threads if each.opened_at is not None and opens is not None and opens - each.opened_at >= THREAD_AGE]
    fresh = [each for each in threads if each.account_since and each.opened_at and each.opened_at - each.account_since < ACCOUNT_AGE]
    inputs = {
        "threads": [f"{each.forum}/{each.topic_id}" for each in threads],
        "opened_at": [each.opened_at.isoformat() for each in threads if each.opened_at is not None],
        "young_accounts": len(fresh),
    }
    if case.executable is False:
        return clear("It executes nothing.", inputs=inputs)
    ageless = [each for each in threads if each.opened_at is None or each.account_since is None]
    if case.executable is None and (fresh or ageless or not aged):
        return unknown("whether it executes anything", inputs=inputs)
    if fresh:
        return fired("The linked thread was opened by an account younger than 30 days.", value=len(fresh), inputs=inputs)
    if not threads:
        return fired("No discussion is linked.", value=0, inputs=inputs)
    if aged and ageless:
        return unknown("since when the accounts exist that opened the linked threads", inputs=inputs)
    if aged:
        return clear("A linked thread stood for 48 h or more before the vote.", value=len(aged), inputs=inputs)
    if opens is None or any(each.opened_at is None for each in threads):
        return unknown("when the linked thread was opened", inputs=inputs)
    return fired("The linked thread stood for less than 48 h before the vote.", value=len(threads), inputs=inputs)


@rule(
    "R19",
    "Coordinated or machine-made posts",
    version=2,
    source="Event Horizon plans comments by agents in numbers",
    threshold="3 or more posts within 24 h by different accounts younger than 30 days, pairwise >= 0.9 alike",
    clears_when="the accounts prove to be people; their posts are left out of the mood meanwhile",
    who_can_act="the forum's moderators",
)
def coordinated_posts(case: Case) -> Answer:
    """Many mouths, one text."""
    if case.posts is None:
        return unknown("the posts about it")
    posts = [each for each in case.posts if len(each.text.split()) >= _LEAST_WORDS][:_MOST_POSTS]
    group = _largest_group(posts)
    inputs = {"posts": len(case.posts), "alike": len(group), "by": sorted({each.author or "?" for each in group})}
    if len({each.author for each in group}) < BURST:
        return clear(f"No {BURST} accounts posted nearly the same.", value=len(group), inputs=inputs)
    ages = [(each.posted_at, each.account_since) for each in group]
    if any(posted is None or since is None for posted, since in ages):
        return unknown("how old the accounts are that posted nearly the same", value=len(group), inputs=inputs)
    young = [each for each in group if each.posted_at and each.account_since and each.posted_at - each.account_since < ACCOUNT_AGE]
    if len({each.author for each in young}) >= BURST:
        return fired(
            f"{len(young)} posts by young accounts say nearly the same within a day.",
            value=len(young),
            severity=Severity.NOTICE,
            inputs=inputs,
        )
    return clear("Those who posted nearly the same have been there for long.", value=len(young), inputs=inputs)


def _largest_group(posts: list[Said]) -> list[Said]:
    """The most posts within a day that are all nearly like one of them, each account once."""
    texts = [each.text[:_COMPARED] for each in posts]
    groups = [{each.author: each} for each in posts]
    for (i, one), (j, other) in combinations(enumerate(posts), 2):
        if one.author != other.author and _near(one, other) and likeness(texts[i], texts[j]) >= ALIKE:
            groups[i].setdefault(other.author, other)
            groups[j].setdefault(one.author, one)
    return list(max(groups, key=len, default={}).values())


def _near(one: Said, other: Said) -> bool:
    """Whether both may have been posted within a day."""
    return one.posted_at is None or other.posted_at is None or abs(other.posted_at - one.posted_at) <= BURST_WITHIN
