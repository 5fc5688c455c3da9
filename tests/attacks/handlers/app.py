"""The entry of every hostile function: the event names the attack, `<module>.<function>`, and its arguments."""

import importlib
import os

context = None  # of the invocation that runs


def handler(event, given):
    global context
    context = given
    return attack(*event)


def attack(name, *arguments):
    module, function = name.split(".")
    return getattr(importlib.import_module(module), function)(*arguments)


if "ATTACK_AT_INIT" in os.environ:
    attack(os.environ["ATTACK_AT_INIT"])
