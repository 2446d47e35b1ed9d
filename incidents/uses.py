"""What leads to a policy here: routes. Asked before a policy is retired."""

from incidents.models import Route
from oncall.models import Policy
from oncall.policy_uses import register


def routes_to(policy: Policy) -> list[str]:
    """The routes in force that lead to a policy, in words."""
    routes = Route.objects.in_force().filter(policy=policy).select_related("service").order_by("pk")
    return [f"the route of {route}" for route in routes]


register(routes_to)
