"""The AsyncAPI 3 document of the webhook, made from its schema."""

from typing import Any

from novita_mock import __version__
from novita_mock.catalogue import Catalogue


def asyncapi(catalogue: Catalogue) -> dict[str, Any]:
    """The document, under the quirks in force."""
    event = catalogue.embedded("webhook/event.json")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Webhooks of the Novita AI image API, as novita-mock sends them",
            "version": __version__,
        },
        "defaultContentType": "application/json",
        "channels": {
            "webhook": {
                "address": None,
                "description": "The address in extra.webhook.url of a submit.",
                "messages": {"ASYNC_TASK_RESULT": {"$ref": "#/components/messages/ASYNC_TASK_RESULT"}},
            }
        },
        "operations": {
            "sendTaskResult": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "summary": "Posted when a task has ended; up to five retries on a time-out or no 2xx",
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
                "messages": [{"$ref": "#/channels/webhook/messages/ASYNC_TASK_RESULT"}],
            }
        },
        "components": {
            "messages": {
                "ASYNC_TASK_RESULT": {
                    "name": "ASYNC_TASK_RESULT",
                    "payload": {"$ref": "#/components/schemas/event"},
                }
            },
            "schemas": {"event": event},
        },
    }
