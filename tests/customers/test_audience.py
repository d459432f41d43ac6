"""Audiences: one tree of conditions, of persons, households, places or businesses."""

from typing import Any

import pytest
from tests.customers.conftest import Land, home, lives, together

from lamplighter.context import Context
from lamplighter.customers import audience
from lamplighter.errors import InvalidAudience, NotFound
from lamplighter.warehouse.tables import table

LEAD = {
    "name": "lead-sampling-1982-1986", "of": "service_location", "purpose": "water_quality", "where": {"all": [
        {"place": "year_built", "between": [1982, 1986]}, {"service": "water", "is": "active"},
        {"not": {"situation": "confidential_address"}},
    ]},
}  # fmt: skip


@pytest.fixture
def street(context: Context, land: Land) -> None:
    """Four homes: Ann and Bob together in 1 (1984), Cem in 2 (1985, protected), nobody in 3 (1983), Dee's shop in 4."""
    land(
        **together(
            {"customer": [
                {"customer_id": "Ann", "first_name": "Ann", "last_name": "A", "language": "es"},
                {"customer_id": "Bob", "first_name": "Bob", "last_name": "B", "language": "en"},
                {"customer_id": "Cem", "first_name": "Cem", "last_name": "C", "language": "en", "confidential": True},
                {"customer_id": "Dee", "organization": "Dee's Shop", "kind": "commercial", "language": "en"},
            ]},
            home(1, year_built=1984), home(2, year_built=1985), home(3, year_built=1983), home(4, year_built=1990),
            lives("Ann", "A1", 1, "2024-01-01"), lives("Cem", "A2", 2, "2024-01-01"), lives("Dee", "A4", 4, "2024-01-01"),
            {"customer_account": [{"account_id": "A1", "customer_id": "Bob", "opened_at": "2024-01-01", "arrears": "250"}],
             "payment": [{"payment_id": "P1", "account_id": "A2", "paid_on": "2026-11-01", "amount": "10"},
                         {"payment_id": "P2", "account_id": "A2", "paid_on": "2026-10-01", "amount": "10"},
                         {"payment_id": "P3", "account_id": "A4", "paid_on": "2026-11-01", "amount": "10", "returned": True}],
             "bill": [{"bill_id": "B1", "account_id": "A4", "issued_on": "2026-11-01", "amount_due": "900", "status": "issued"},
                      {"bill_id": "B2", "account_id": "A1", "issued_on": "2026-01-01", "amount_due": "900", "status": "issued"}]},
        )
    )  # fmt: skip


def who(context: Context, where: dict[str, Any], of: str = "profile") -> set[str]:
    members = audience.members(context, {"of": of, "where": where})
    if of in ("service_location", "household"):
        return {member.get("service_location_id", member["id"]) for member in members}
    with context.session() as session:
        names = audience.sa.text("select profile_id, name from profile")
        known = dict(session.execute(names).all())
    return {known[member["id"]].split()[0] for member in members}


def test_the_example_of_the_contract_holds(context: Context, street: None) -> None:
    assert audience.members(context, LEAD) == [{"id": "cis/L1", "source": "cis", "service_location_id": "L1"}]
    assert audience.size(context, LEAD) == 1
    assert "SELECT" in audience.sql(context, LEAD)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"all": []}, {"Ann", "Bob", "Cem", "Dee's"}),
        ({"any": []}, set()),
        ({"person": "language", "is": "es"}, {"Ann"}),
        ({"person": "language", "in": ["es", "fr"]}, {"Ann"}),
        ({"not": {"person": "language", "is": "en"}}, {"Ann"}),
        ({"place": "year_built", "<": 1985}, {"Ann", "Bob"}),
        ({"account": "arrears", ">": "100"}, {"Bob"}),
        ({"situation": "confidential_address"}, {"Cem"}),
        ({"event": "payment.made"}, {"Cem"}),
        ({"event": "Payment Made", "count": {">=": 2}}, {"Cem"}),
        ({"event": "payment.made", "count": {">=": 2}, "within": "30 days"}, set()),
        ({"event": "payment.made", "count": {"<": 2}, "within": "30 days"}, {"Ann", "Bob", "Cem", "Dee's"}),
        ({"event": "payment.made", "never": True, "within": "90 days"}, {"Ann", "Bob", "Dee's"}),
        ({"event": "payment.failed"}, {"Dee's"}),
        ({"bill": "amount_due", ">": "500", "within": "60 days"}, {"Dee's"}),
        ({"service": "water", "is": "active"}, {"Ann", "Bob", "Cem", "Dee's"}),
        ({"service": "gas", "is": "any"}, set()),
        ({"any": [{"situation": "confidential_address"},
                  {"all": [{"place": "year_built", "is": 1984}, {"person": "language", "is": "es"}]}]},
         {"Ann", "Cem"}),
    ],
)  # fmt: skip
def test_conditions_choose_persons(
    context: Context, street: None, where: dict[str, Any], expected: set[str]
) -> None:
    assert who(context, where) == expected


def test_a_place_meets_what_one_occupant_meets(context: Context, street: None) -> None:
    assert who(context, {"person": "language", "is": "es"}, "service_location") == {"L1"}
    assert who(context, {"not": {"person": "language", "is": "es"}}, "service_location") == {"L2", "L3", "L4"}
    assert who(context, {"service": "water", "is": "inactive"}, "service_location") == {"L3"}


def test_households_and_businesses_are_counted_as_such(context: Context, street: None) -> None:
    assert len(who(context, {"all": []}, "household")) == 2
    assert len(who(context, {"person": "language", "is": "en"}, "household")) == 2
    assert (
        len(
            who(
                context,
                {"all": [{"person": "language", "is": "es"}, {"place": "year_built", "is": 1984}]},
                "household",
            )
        )
        == 1
    )
    assert who(context, {"all": []}, "business") == {"Dee's"}


def test_traits_and_scores_are_conditions_once_they_are_computed(context: Context, street: None) -> None:
    ann = audience.members(context, {"where": {"person": "language", "is": "es"}})[0]["id"]
    import pyarrow as pa

    trait, score = table("trait"), table("score")
    traits = [
        {"profile_id": ann, "name": "arrears", "number": 120.0},
        {"profile_id": ann, "name": "tier", "word": "gold"},
    ]
    scores = [{"profile_id": ann, "name": "payment_trouble", "number": 0.4}]
    for declared, rows in ((trait, traits), (score, scores)):
        context.warehouse.replace(
            context.organization_id, declared, pa.Table.from_pylist(rows, declared.arrow)
        )
    assert who(context, {"trait": "arrears", ">": "100"}) == {"Ann"}
    assert who(context, {"trait": "tier", "is": "gold"}) == {"Ann"}
    assert who(context, {"score": "payment_trouble", ">=": 0.3}) == {"Ann"}
    assert who(context, {"score": "payment_trouble", ">=": 0.5}) == set()


def test_a_saved_audience_is_a_condition(context: Context, street: None) -> None:
    spanish = {
        "name": "spanish",
        "of": "profile",
        "purpose": "customer_service",
        "where": {"person": "language", "is": "es"},
    }
    with context.session() as session:
        audience.save(session, spanish, actor="staff:1", now=context.now)
        assert [each["name"] for each in audience.every(session)] == ["spanish"]
        assert audience.saved(session, "spanish") == spanish
    assert who(context, {"not": {"audience": "spanish"}}) == {"Bob", "Cem", "Dee's"}
    loop = {**spanish, "where": {"audience": "spanish"}}
    with context.session() as session, pytest.raises(InvalidAudience, match="contains itself"):
        audience.save(session, loop, actor="staff:1", now=context.now)
    with context.session() as session:
        audience.remove(session, "spanish")
        with pytest.raises(NotFound):
            audience.saved(session, "spanish")


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({"of": "profil"}, "of: “profil” is nothing an audience can be of. Did you mean “profile”?"),
        ({"purpose": "marketng"}, "purpose: there is no purpose “marketng”. Did you mean “marketing”?"),
        ({"wher": {}}, "audience: “wher” does not belong here. Did you mean “where”?"),
        ({"where": {"all": [{"situation": "outrage"}]}},
         "where.all[0].situation: there is no situation “outrage”. Did you mean “outage”?"),
        ({"where": {"any": [{"not": {"place": "yearbuilt", "is": 3}}]}},
         "where.any[0].not.place: service_location has no column “yearbuilt”. Did you mean “year_built”?"),
        ({"where": {"event": "bill.vieewed"}}, "where.event: no event is called “bill.vieewed”. Did you mean “bill.viewed”?"),
        ({"where": {"place": "year_built", ">": "old"}}, "where.>: “old” does not fit service_location.year_built, a int64."),
        ({"where": {"place": "tenure", "is": "rented"}},
         "where.is: service_location.tenure is never “rented”. Did you mean “rent”?"),
        ({"where": {"place": "year_built"}}, "where: give one comparison"),
        ({"where": {"event": "bill.viewed", "within": "soon"}}, "where.within: “soon” is no span."),
        ({"where": {"event": "bill.viewed", "count": {">=": "x"}}}, "where.count: 'x' is not a whole number."),
        ({"where": {"audience": "none"}}, "where.audience: no audience is saved as “none”."),
        ({"where": []}, "where: a condition is a JSON object"),
        ({"where": {"all": {}}}, "where.all: write a list of conditions."),
        ({"where": {"service": "watr"}}, "where.service: no service is called “watr”. Did you mean “water”?"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_answered_with_its_place_and_the_nearest_name(
    definition: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidAudience) as refused:
        audience.compile(definition)
    assert str(refused.value).startswith(sentence)
