"""What apps read before they ask: SMART App Launch 2.2 conformance (`.well-known/smart-configuration`), OpenID Connect
Discovery 1.0, RFC 8414, and the CapabilityStatement's `rest.security`."""

from collections.abc import Mapping
from typing import Any

from felles.access.smart import client, dpop
from felles.access.smart.scope import WORDS

PATH = "/auth"
_CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
_AUTHENTICATION = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def endpoints(issuer: str) -> dict[str, str]:
    """The endpoints of an issuer, by their names in the configuration."""
    return {
        "authorization_endpoint": f"{issuer}{PATH}/authorize",
        "token_endpoint": f"{issuer}{PATH}/token",
        "pushed_authorization_request_endpoint": f"{issuer}{PATH}/request",
        "revocation_endpoint": f"{issuer}{PATH}/revoke",
        "introspection_endpoint": f"{issuer}{PATH}/introspect",
        "jwks_uri": f"{issuer}{PATH}/keys",
    }


def smart_configuration(issuer: str) -> dict[str, Any]:
    """https://hl7.org/fhir/smart-app-launch/conformance.html; also what OpenID Connect Discovery asks for."""
    algorithms = list(client.ALGORITHMS)
    methods = list(_AUTHENTICATION)
    confidential = [one for one in methods if one != "none"]
    return {
        "issuer": issuer,
        **endpoints(issuer),
        "management_endpoint": f"{issuer}{PATH}/apps",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "fhirUser", "profile"],
        "scopes_supported": [*sorted(WORDS), "patient/*.cruds", "user/*.cruds", "system/*.cruds"],
        "capabilities": list(_CAPABILITIES),
    }


def security(base: str) -> Mapping[str, Any]:
    """`rest.security` of the CapabilityStatement of the FHIR base."""
    addresses = endpoints(issuer_of(base))
    named = {"authorize": "authorization", "token": "token", "revoke": "revocation", "introspect": "introspection"}
    uris = [{"url": short, "valueUri": addresses[f"{name}_endpoint"]} for short, name in named.items()]
    return {
        "extension": [{"url": _OAUTH, "extension": uris}],
        "cors": True,
        "service": [{"coding": [{"system": _SERVICE, "code": "SMART-on-FHIR"}]}],
    }


def issuer_of(base: str) -> str:
    """Our address, of which the FHIR base is a part."""
    return base.rstrip("/").removesuffix("/fhir")
