"""What lets everybody in: an administrator may forbid such permissions.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, the meaning of
"public", which AWS has for the policies of all its resources.
"""

from functions.access.conditions import Condition
from functions.access.evaluation import Statement

# A condition on one of these says who or what it may be.
NARROWING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:userid",
        "aws:username",
        "lambda:eventsourcetoken",
    }
)


def is_public(statement: Statement) -> bool:
    """Whether it allows something to anybody."""
    everybody = statement.not_principals or any(who == "*" for _, who in statement.principals or ())
    return statement.allows and everybody and not any(map(_narrows, statement.conditions))


def _narrows(condition: object) -> bool:
    return (
        isinstance(condition, Condition)
        and condition.key in NARROWING
        and not (condition.negates or condition.if_exists or condition.of_set == "ForAllValues")
        and "*" not in condition.wanted
    )
