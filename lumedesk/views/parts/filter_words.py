"""By what a page on a history can be filtered, as the operator calls it; and a filter in words."""

from collections.abc import Callable
from dataclasses import dataclass

from lumedesk.domain.details import DOTS
from lumedesk.domain.filters import HistoryFilter
from lumedesk.models.texts import amount
from lumedesk.views.parts.chips import Told


@dataclass(frozen=True, slots=True)
class Facet:
    """A column of values. `label` says what a value is called."""

    column: str
    title: str
    label: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class FilterPlan:
    """What a page offers: columns of values, what its time is called, and its columns of amounts with their titles."""

    facets: tuple[Facet, ...]
    time_title: str
    amounts: tuple[tuple[str, str], ...]


def told_of(each: HistoryFilter, plan: FilterPlan, *, hides: bool = False) -> list[Told]:
    """A filter as chips, all but its text, which stands in the search field; with `hides` without figures."""
    told = [Told(facet.column, _values(facet, each)) for facet in plan.facets if each.values(facet.column)]
    if each.first_day or each.last_day:
        told.append(Told("days", f"{plan.time_title} {_days(each)}"))
    if each.amount:
        told.append(Told("amount", f"{dict(plan.amounts)[each.amount]} {_amounts(each, hides=hides)}"))
    return told


def without(each: HistoryFilter, part: str) -> HistoryFilter:
    """The filter less what one chip says."""
    if part == "days":
        return each.with_days(None, None)
    if part == "amount":
        return each.with_amount("", None, None)
    return each.with_values(part, ())


def _values(facet: Facet, each: HistoryFilter) -> str:
    labels = sorted(facet.label(value) for value in each.values(facet.column))
    return f"{facet.title}: {' or '.join([', '.join(labels[:-1]), labels[-1]] if labels[1:] else labels)}"


def _days(each: HistoryFilter) -> str:
    first, last = each.first_day, each.last_day
    if first == last:
        return f"on {first}"
    if first is None:
        return f"until {last}"
    return f"since {first}" if last is None else f"{first} to {last}"


def _amounts(each: HistoryFilter, *, hides: bool) -> str:
    least, most = (DOTS if hides and end is not None else amount(end) for end in (each.least, each.most))
    if each.least is None:
        return f"at most {most}"
    if each.most is None:
        return f"at least {least}"
    return f"exactly {least}" if each.least == each.most and not hides else f"{least} to {most}"
