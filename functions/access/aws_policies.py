"""AWS's own managed policies that concern what Hearth has, by ARN. Any other may be attached and allows nothing here.

Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from typing import Any

ARN = "arn:aws:iam::aws:policy/"
WRITE_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def _allowing(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


NOTHING: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
DOCUMENTS: dict[str, dict[str, Any]] = {
    ARN + name: document
    for name, document in {
        "AdministratorAccess": _allowing("*"),
        "AWSLambda_FullAccess": _allowing("lambda:*", "logs:*", "cloudwatch:List*", "cloudwatch:Get*", "iam:PassRole"),
        "AWSLambda_ReadOnlyAccess": _allowing("lambda:Get*", "lambda:List*", "logs:Describe*", "logs:Get*"),
        "AWSLambdaExecute": _allowing("logs:*", resource="arn:aws:logs:*:*:*"),
        "CloudWatchFullAccess": _allowing("cloudwatch:*", "logs:*"),
        "CloudWatchLogsFullAccess": _allowing("logs:*"),
        "CloudWatchLogsReadOnlyAccess": _allowing("logs:Describe*", "logs:Get*", "logs:List*", "logs:FilterLogEvents"),
        "IAMFullAccess": _allowing("iam:*"),
        "IAMReadOnlyAccess": _allowing("iam:Get*", "iam:List*"),
        "service-role/AWSLambdaBasicExecutionRole": _allowing(*WRITE_LOGS),
        "service-role/AWSLambdaRole": _allowing("lambda:InvokeFunction"),
    }.items()
}
