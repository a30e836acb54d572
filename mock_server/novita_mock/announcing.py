"""Tells webhooks of ended tasks: builds the event and has it delivered, as faults allow."""

import msgspec

from novita_mock.accounts import Account
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.deliveries import Deliveries
from novita_mock.dialects import event
from novita_mock.fault_rule import FaultRule
from novita_mock.task import Status, Task


class Announcer:
    """Called once for each task that has ended."""

    def __init__(self, catalogue: Catalogue, deliveries: Deliveries) -> None:
        self._catalogue = catalogue
        self._deliveries = deliveries

    def __call__(self, account: Account, task: Task, named: tuple[FaultRule, ...]) -> None:
        """Have the event of a task delivered, if its request named a webhook.

        Args:
            account: whose task it is.
            task: as it ended.
            named: the rules of the scenario that its request named.
        """
        url = task.wish.webhook_url
        if not url:
            return
        operation = self._catalogue.operation(task.operation)
        rules = account.faults.draw(
            "webhook", operation=operation.name, task_type=task.task_type, path=operation.path, extra=named
        )
        if rules:
            account.journal.mark(task.task_id, tuple(rule.key for rule in rules))
        self.send(account, task, url, operation, rules)

    def send(
        self, account: Account, task: Task, url: str, operation: Operation, rules: tuple[FaultRule, ...]
    ) -> None:
        """Have the event of a task delivered to an address, as the rules of phase ``webhook`` say."""
        body = msgspec.json.encode(event(task, task.finished_s or account.clock.now(), self._catalogue))
        what = "succeed" if task.status is Status.SUCCEED else "fail"
        effects = {rule.effect.kind: rule.effect for rule in rules}
        if "drop" in effects:
            self._deliveries.drop(account, task.task_id, url, body, event=what)
            return
        late_s = (effects["late"].seconds or 0.0) if "late" in effects else 0.0
        times = (effects["duplicate"].times or 2) if "duplicate" in effects else 1
        reorder = "reorder" in effects
        for copy in range(times):
            self._deliveries.begin(
                account, task.task_id, url, body, event=what, copy=copy, late_s=late_s, overtaken=reorder
            )
