import logging

log = logging.getLogger()
log.setLevel(logging.INFO)


def handler(event, context):
    name = event.get("name", "world")
    log.info("greeting %s", name)
    return {"message": f"Hello, {name}!", "version": context.function_version}
