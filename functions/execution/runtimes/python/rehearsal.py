"""Stands in for the user's module in the bootstrap's rehearsal."""


def handler(event, context):
    return event
