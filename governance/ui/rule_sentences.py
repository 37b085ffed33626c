"""One plain sentence for a rule, from its form."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from governance.domain.rule_forms import WITHOUT_VALUE, Condition, Operator, RuleForm, Targets
from governance.domain.verdicts import Effect
from governance.ui import rule_words


def of(form: RuleForm) -> str:
    parts = [_effect(form) % {"what": _actions(form)}]
    if form.who is not None:
        parts.append(_who(form.who))
    if form.what is not None:
        parts.append(_what(form.what))
    made = " ".join(parts)
    if form.when:
        said = [_condition(one) for one in form.when]
        made += ", " + _("when %(conditions)s") % {
            "conditions": rule_words.joined(said, _("or") if form.any_of else _("and"))
        }
    if form.unless:
        excepted = [_condition(one) for one in form.unless]
        made += ", " + _("except when %(conditions)s") % {"conditions": rule_words.joined(excepted, _("and"))}
    return f"{made}."


def _effect(form: RuleForm) -> str:
    match form.effect:
        case None:
            return _("Allows %(what)s")
        case Effect.FLAG:
            return _("Lets pass, and marks, %(what)s")
        case Effect.DENY:
            return _("Refuses %(what)s")
        case Effect.HALT:
            return _("Stops the execution at %(what)s")
    return _asks(form)


def _asks(form: RuleForm) -> str:
    people = ngettext("Asks a person", "Asks %(count)d people", form.quorum) % {"count": form.quorum}
    if form.approvers:
        people = _("%(people)s of the group %(group)s") % {"people": people, "group": form.approvers}
    # A name with a sign in it that stands for a place must not become one.
    return _("%(people)s before") % {"people": people.replace("%", "%%")} + " %(what)s"


def _actions(form: RuleForm) -> str:
    if not form.actions:
        return _("every action")
    return rule_words.joined([rule_words.action(name) for name in form.actions], _("and"))


def _who(who: Targets) -> str:
    names = rule_words.joined(list(_names(who)), _("or"))
    return (_("by anybody but %(names)s") if who.excluded else _("by %(names)s")) % {"names": names}


def _what(what: Targets) -> str:
    kinds = {"ToolGroup": "Tool", "Provider": "Model", "Team": "Agent"}
    thing = rule_words.THINGS.get(kinds.get(what.refs[0].type, what.refs[0].type), _("what it is done to"))
    names = rule_words.joined(list(_names(what)), _("or"))
    words = _("where %(thing)s is not %(names)s") if what.excluded else _("where %(thing)s is %(names)s")
    return words % {"thing": thing, "names": names}


def _names(targets: Targets) -> Iterable[str]:
    for ref in targets.refs:
        group = rule_words.GROUPS.get(ref.type)
        yield str(group) % {"name": ref.id} if group else ref.id


def _condition(condition: Condition) -> str:
    name, operator = rule_words.attribute(condition.path), condition.operator
    if condition.path == ("discovered",) and operator in (Operator.YES, Operator.NO):
        return name if operator is Operator.YES else _("somebody has adopted its name")
    verb = str(rule_words.OPERATORS[operator])
    if operator in WITHOUT_VALUE:
        return f"{name} {verb}"
    values = [rule_words.spoken(condition.path, value) for value in condition.values]
    last = _("and") if operator is Operator.HAS_ALL else _("or")
    return f"{name} {verb} {rule_words.joined(values, last)}"
