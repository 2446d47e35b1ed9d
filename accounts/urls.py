"""Addresses of people pages, and of those of allauth's pages that we use."""

from allauth.account import views as sign_in
from django.urls import include, path, re_path

from accounts.views import joining, me, organisation, people, person, retention, teams, tokens

pages = [
    path("people/", people.directory, name="people"),
    path("people/invite/", people.invite_person, name="invite"),
    path("people/<str:public_id>/", person.person_page, name="person"),
    path("people/<str:public_id>/role/", person.set_role, name="set_role"),
    path("people/<str:public_id>/active/", person.set_active, name="set_active"),
    path("people/<str:public_id>/invitation/", person.new_invitation, name="new_invitation"),
    path("teams/new/", teams.new_team, name="new_team"),
    path("teams/<str:public_id>/", teams.team_page, name="team"),
    path("teams/<str:public_id>/name/", teams.rename, name="rename_team"),
    path("teams/<str:public_id>/members/", teams.join_team, name="join_team"),
    path("memberships/<str:public_id>/end/", teams.leave_team, name="leave_team"),
    path("organisation/", organisation.organisation_page, name="organisation"),
    path("organisation/networks/", organisation.add_network, name="add_network"),
    path("organisation/networks/<str:public_id>/end/", organisation.drop_network, name="drop_network"),
    path("retention/", retention.retention_page, name="retention"),
    path("retention/holds/<str:public_id>/", retention.hold_page, name="hold"),
    path("retention/holds/<str:public_id>/release/", retention.release, name="release_hold"),
    path("me/", me.settings_page, name="me"),
    path("me/tokens/", tokens.tokens_page, name="tokens"),
    path("tokens/<str:public_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("contacts/<str:public_id>/remove/", me.drop_contact, name="drop_contact"),
    path("theme/", me.set_theme, name="theme"),
    path("join/<str:secret>/", joining.join, name="join"),
]

# allauth asks for these names; its other pages (e-mail addresses, sign-up by form) are not ours to offer
signing = [
    path("sign-in/", sign_in.login, name="account_login"),
    path("sign-out/", sign_in.logout, name="account_logout"),
    path("sign-up/", sign_in.signup, name="account_signup"),
    path("inactive/", sign_in.account_inactive, name="account_inactive"),
    path("reauthenticate/", sign_in.reauthenticate, name="account_reauthenticate"),
    path("password/change/", sign_in.password_change, name="account_change_password"),
    path("password/set/", sign_in.password_set, name="account_set_password"),
    path("password/reset/", sign_in.password_reset, name="account_reset_password"),
    path("password/reset/sent/", sign_in.password_reset_done, name="account_reset_password_done"),
    path("password/reset/done/", sign_in.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        sign_in.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]

urlpatterns = [path("", include((pages, "accounts"))), *signing]
