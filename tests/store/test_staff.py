"""Staff: sign in with password and code; guessing slows down the guesser and nobody else."""

import pyotp
import pytest
import sqlalchemy as sa

from lamplighter.errors import Conflict, InvalidInput, NotAllowed, NotSignedIn, TooManyRequests
from lamplighter.store import staff
from lamplighter.store.role import PERMISSIONS, ROLES

PASSWORD = "a lamp at every door"


@pytest.fixture
def ana(store, organization, clock):
    with store.session(organization) as session:
        return staff.add(
            session,
            email="Ana@Example.org",
            name="Ana",
            role="customer_service",
            password=PASSWORD,
            now=clock.now,
        )


@pytest.fixture
def sign_in(store, organization, clock):
    def sign_in(
        password=PASSWORD, code=None, email="ana@example.org", address="10.0.0.1", within=organization
    ):
        with store.session(within) as session:
            return staff.sign_in(session, email, password, code, clock.now, address=address)

    return sign_in


def who(store, token, clock):
    with store.session(staff.organization_of_token(token)) as session:
        return staff.staff_of_token(session, token, clock.now)


def test_who_signs_in_is_known_until_sign_out(store, ana, sign_in, clock):
    token = sign_in()
    person = who(store, token, clock)
    assert (person.id, person.email, person.role) == (ana, "ana@example.org", "customer_service")
    assert "customers.read" in person.permissions
    with store.session(person.organization_id) as session:
        staff.sign_out(session, token)
    with pytest.raises(NotSignedIn):
        who(store, token, clock)


def test_a_session_ends_by_itself(store, ana, sign_in, clock):
    token = sign_in()
    clock.advance(hours=12)
    with pytest.raises(NotSignedIn):
        who(store, token, clock)


def test_the_refusal_does_not_say_what_was_wrong(ana, sign_in):
    said = set()
    for wrong in ({"password": "something else"}, {"email": "nobody@example.org"}):
        with pytest.raises(NotSignedIn) as refused:
            sign_in(**wrong)
        said.add(str(refused.value))
    assert len(said) == 1


def test_guessing_slows_down_the_guesser_and_nobody_else(ana, sign_in, clock):
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            sign_in("wrong password", address="6.6.6.6")
    with pytest.raises(TooManyRequests, match="Wait 2 s") as refused:
        sign_in(address="6.6.6.6")
    assert refused.value.details["retry_after"] == 2
    assert sign_in(address="10.0.0.1"), "Ana herself, elsewhere, gets in"
    clock.advance(seconds=2)
    assert sign_in(address="6.6.6.6"), "after the pause the right password opens"
    with pytest.raises(NotSignedIn):
        sign_in("wrong password", address="6.6.6.6")
    assert sign_in(address="6.6.6.6"), "and the count begins anew"


def test_the_pause_doubles_to_a_quarter_of_an_hour(ana, sign_in, clock):
    pauses = []
    while len(pauses) < 12:
        try:
            sign_in("wrong password", email=" ANA@example.org")
        except NotSignedIn:
            continue
        except TooManyRequests as refused:
            pauses.append(refused.details["retry_after"] - 1)
            clock.advance(seconds=pauses[-1])
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_the_app_code_is_asked_for_once_confirmed_and_works_once(store, organization, ana, sign_in, clock):
    with store.session(organization) as session:
        address = staff.enrol_code(session, ana)
    app = pyotp.parse_uri(address)
    assert sign_in(), "not asked for before it is confirmed"
    with pytest.raises(InvalidInput, match="not the code"), store.session(organization) as session:
        staff.confirm_code(session, ana, "000000", clock.now)
    with store.session(organization) as session:
        staff.confirm_code(session, ana, app.at(clock.now), clock.now)
    clock.advance(seconds=30)
    for code in (None, "", "000000"):
        with pytest.raises(NotSignedIn):
            sign_in(code=code, address=f"10.0.1.{code}")
    code = app.at(clock.now)
    assert sign_in(code=f"{code[:3]} {code[3:]}")
    with pytest.raises(NotSignedIn):
        sign_in(code=code)
    clock.advance(seconds=60)
    assert sign_in(code=app.at(clock.now.timestamp() - 30)), "a phone half a minute behind"


def test_the_secret_of_the_app_is_sealed(store, organization, ana):
    with store.session(organization) as session:
        secret = pyotp.parse_uri(staff.enrol_code(session, ana)).secret
        sealed = session.execute(sa.select(staff.staff.c.sealed_code_secret)).scalar_one()
    assert secret.encode() not in sealed


def test_another_organizations_staff_does_not_sign_in_here(ana, sign_in, other_organization):
    with pytest.raises(NotSignedIn):
        sign_in(within=other_organization)


def test_who_is_disabled_or_gets_a_new_password_is_signed_out(store, organization, ana, sign_in, clock):
    token = sign_in()
    with store.session(organization) as session:
        staff.change_password(session, ana, "another lamp at the door")
    with pytest.raises(NotSignedIn):
        who(store, token, clock)
    token = sign_in("another lamp at the door")
    with store.session(organization) as session:
        staff.disable(session, ana, clock.now)
    for again in (lambda: who(store, token, clock), lambda: sign_in("another lamp at the door")):
        with pytest.raises(NotSignedIn):
            again()


def test_bad_staff_is_refused_in_words(store, organization, ana, clock):
    for change, error, words in (
        ({"role": "king"}, InvalidInput, "administrator, analyst"),
        ({"password": "short"}, InvalidInput, "at least 12"),
        ({"email": "ana"}, InvalidInput, "not an e-mail"),
        ({"email": "ANA@example.org"}, Conflict, "already"),
    ):
        given = {"email": "b@example.org", "name": "B", "role": "analyst", "password": PASSWORD, **change}
        with pytest.raises(error, match=words), store.session(organization) as session:
            staff.add(session, **given, now=clock.now)


def test_a_token_that_is_not_ours_is_refused(store, clock):
    for token in ("", "st_", "st_zz_zz", "lk_00000000000000000000000000000000_ab", "st_" + "0" * 32 + "_ab"):
        with pytest.raises(NotSignedIn), store.session(staff.organization_of_token(token)) as session:
            staff.staff_of_token(session, token, clock.now)


def test_five_roles_and_only_the_administrator_may_everything():
    assert set(ROLES) == {
        "administrator",
        "analyst",
        "campaign_manager",
        "customer_service",
        "privacy_officer",
    }
    for role in ROLES[1:]:
        assert PERMISSIONS[role] < PERMISSIONS["administrator"]
        assert "staff.manage" not in PERMISSIONS[role]


def test_what_a_role_lacks_is_refused(store, ana, sign_in, clock):
    person = who(store, sign_in(), clock)
    person.require("customers.read")
    with pytest.raises(NotAllowed, match="customer service"):
        person.require("audit.read")
