"""The addresses of signing in and out, and of one's own account."""

from starlette.routing import Route

from felles.web import account, invitation, local, provider, role, signin, stepup

POST = ["POST"]

ENTRY = [
    Route("/sign-in", signin.show),
    Route("/sign-in", signin.enter, methods=POST),
    Route("/sign-in/provider", provider.begin, methods=POST),
    Route(provider.BACK, provider.finish),
    Route("/sign-in/ended/{provider}", provider.departed, methods=POST),
    Route("/sign-in/password", local.by_password, methods=POST),
    Route("/sign-in/passkey", local.by_passkey, methods=POST),
    Route("/sign-in/passkey/options", local.challenge, methods=POST),
    Route("/sign-out", signin.leave, methods=POST),
    Route("/step-up", stepup.prove, methods=POST),
    Route("/role", role.show),
    Route("/role", role.choose, methods=POST),
    Route("/account", account.show),
    Route("/account/sign-out", account.sign_out_one, methods=POST),
    Route("/account/sign-out-everywhere", account.sign_out_everywhere, methods=POST),
    Route("/account/passkey", account.add_passkey, methods=POST),
    Route("/account/passkey/options", account.passkey_options, methods=POST),
    Route("/account/passkey/remove", account.remove_passkey, methods=POST),
    Route("/invitation", invitation.show),
    Route("/invitation", invitation.opened, methods=POST),
    Route("/invitation/password", invitation.by_password, methods=POST),
    Route("/invitation/passkey", invitation.by_passkey, methods=POST),
    Route("/invitation/passkey/options", invitation.passkey_options, methods=POST),
]
