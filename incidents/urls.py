"""Addresses of incidents, and of the answers to pages."""

from django.urls import include, path

from incidents.views import answers, calls, incident, incidents, removal, routes, slack, webhook, webhooks

pages = [
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/declare/", incidents.declare_one, name="declare"),
    path("incidents/<str:number>/", incident.show, name="incident"),
    path("incidents/<str:number>/acknowledge/", incident.acknowledge_it, name="acknowledge"),
    path("incidents/<str:number>/resolve/", incident.resolve_it, name="resolve"),
    path("incidents/<str:number>/snooze/", incident.put_off, name="snooze"),
    path("incidents/<str:number>/escalate/", incident.escalate_it, name="escalate"),
    path("incidents/<str:number>/take-over/", incident.take_it_over, name="take_over"),
    path("incidents/<str:number>/reassign/", incident.give_it, name="reassign"),
    path("incidents/<str:number>/people/", incident.add_somebody, name="add_person"),
    path("incidents/<str:number>/notes/", incident.write_note, name="note"),
    path("without/<str:public_id>/", removal.without, name="without"),
    path("routes/", routes.routes_page, name="routes"),
    path("routes/try/", routes.try_out, name="try_out"),
    path("routes/new/", routes.new_route, name="new_route"),
    path("routes/<str:public_id>/", routes.edit_route, name="route"),
    path("routes/<str:public_id>/retire/", routes.retire, name="retire_route"),
    path("webhooks/", webhooks.webhooks_page, name="webhooks"),
    path("webhooks/new/", webhooks.new_webhook, name="new_webhook"),
    path("webhooks/<str:public_id>/", webhook.webhook_page, name="webhook"),
    path("webhooks/<str:public_id>/edit/", webhooks.edit_webhook, name="edit_webhook"),
    path("webhooks/<str:public_id>/test/", webhook.test_webhook, name="test_webhook"),
    path("webhooks/<str:public_id>/rotate/", webhook.rotate, name="rotate_webhook"),
    path("webhooks/<str:public_id>/pause/", webhook.pause, name="pause_webhook"),
    path("webhooks/<str:public_id>/resume/", webhook.resume, name="resume_webhook"),
    path("webhooks/<str:public_id>/retire/", webhook.retire, name="retire_webhook"),
    path("webhooks/<str:public_id>/replay-failed/", webhook.replay_all_failed, name="replay_failed"),
    path("webhook-deliveries/<str:public_id>/", webhook.delivery_page, name="delivery"),
    path("webhook-deliveries/<str:public_id>/replay/", webhook.replay_delivery, name="replay"),
    path("services/<str:public_id>/goes-to/<int:severity>/", routes.goes_to, name="goes_to"),
]

# what page texts and providers call: named without a namespace, and never to be moved
urlpatterns = [
    path("in/twilio/sms", answers.twilio_sms, name="twilio_sms"),
    path("in/twilio/status", answers.twilio_status, name="twilio_status"),
    path("in/twilio/voice/<str:token>/", calls.twilio_voice, name="twilio_voice"),
    path("in/twilio/voice/<str:token>/status", calls.twilio_voice_status, name="twilio_voice_status"),
    path("in/slack/", slack.slack_action, name="slack_action"),
    path("a/<str:token>/", answers.answer, name="answer"),
    path("", include((pages, "incidents"))),
]
