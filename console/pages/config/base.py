from abc import abstractmethod

from console.pages.forms import AwsForm
from console.pages.function_head import Head
from console.pages.operations import call
from console.pages.snippets import Call
from functions.access.caller import Caller


class ConfigurationForm(AwsForm):
    """A section of the configuration: what is typed becomes calls of the API, which are made or shown."""

    @abstractmethod
    def calls(self, head: Head) -> list[Call]:
        """Of a valid form. None when nothing would change."""

    @abstractmethod
    def said(self) -> str:
        """What is told when the calls were made."""

    def apply(self, caller: Caller, head: Head) -> str:
        for each in self.calls(head):
            call(caller, each.operation, **each.members)
        return self.said()
