"""Addresses of people, teams, contact methods, tokens and the organisation."""

from __future__ import annotations

from django.urls import path

from accounts.api import contact_rules, contacts, organisation, people, retention, teams, tokens
from accounts.api.converters import register
from accounts.api.history import history_of
from accounts.models import (
    AllowedNetwork,
    ApiToken,
    ContactMethod,
    ContactRules,
    LegalHold,
    Membership,
    Organisation,
    Team,
    User,
)

register()

urlpatterns = [
    path("me/", people.Me.as_view()),
    path("people/", people.People.as_view()),
    path("people/<pid:public_id>/", people.Person.as_view()),
    path("people/<pid:public_id>/deactivate/", people.Deactivation.as_view()),
    path("people/<pid:public_id>/reactivate/", people.Reactivation.as_view()),
    path("people/<pid:public_id>/invitation/", people.NewInvitation.as_view()),
    path("people/<pid:public_id>/history/", history_of(User)),
    path("teams/", teams.Teams.as_view()),
    path("teams/<pid:public_id>/", teams.OneTeam.as_view()),
    path("teams/<pid:public_id>/history/", history_of(Team)),
    path("memberships/", teams.Memberships.as_view()),
    path("memberships/<pid:public_id>/", teams.OneMembership.as_view()),
    path("memberships/<pid:public_id>/retire/", teams.MembershipEnd.as_view()),
    path("memberships/<pid:public_id>/history/", history_of(Membership)),
    path("contact-methods/", contacts.Contacts.as_view()),
    path("contact-methods/<pid:public_id>/", contacts.Contact.as_view()),
    path("contact-methods/<pid:public_id>/confirm/", contacts.Confirmation.as_view()),
    path("contact-methods/<pid:public_id>/rotate/", contacts.Rotation.as_view()),
    path("contact-methods/<pid:public_id>/retire/", contacts.Removal.as_view()),
    path("contact-methods/<pid:public_id>/history/", history_of(ContactMethod)),
    path("contact-rules/", contact_rules.AllRules.as_view()),
    path("contact-rules/<pid:public_id>/", contact_rules.OneRules.as_view()),
    path("contact-rules/<pid:public_id>/retire/", contact_rules.RulesEnd.as_view()),
    path("contact-rules/<pid:public_id>/history/", history_of(ContactRules)),
    path("tokens/", tokens.Tokens.as_view()),
    path("tokens/<pid:public_id>/", tokens.Token.as_view()),
    path("tokens/<pid:public_id>/revoke/", tokens.Revocation.as_view()),
    path("tokens/<pid:public_id>/history/", history_of(ApiToken)),
    path("organisation/", organisation.TheOrganisation.as_view()),
    path("organisation/<pid:public_id>/history/", history_of(Organisation)),
    path("legal-holds/", retention.Holds.as_view()),
    path("legal-holds/<pid:public_id>/", retention.OneHold.as_view()),
    path("legal-holds/<pid:public_id>/release/", retention.Release.as_view()),
    path("legal-holds/<pid:public_id>/history/", history_of(LegalHold)),
    path("purge-records/", retention.Purges.as_view()),
    path("purge-records/<pid:public_id>/", retention.OnePurge.as_view()),
    path("allowed-networks/", organisation.Networks.as_view()),
    path("allowed-networks/<pid:public_id>/", organisation.OneNetwork.as_view()),
    path("allowed-networks/<pid:public_id>/retire/", organisation.NetworkRetirement.as_view()),
    path("allowed-networks/<pid:public_id>/history/", history_of(AllowedNetwork)),
]
