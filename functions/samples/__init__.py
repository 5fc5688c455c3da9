"""Sample events: one of each source of events, as AWS delivers it. Data, with its own licence in `events/`."""

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "events"

TITLES = {
    "albEvent": "Application Load Balancer",
    "apiGatewayProxyEvent": "API Gateway, REST",
    "apiGatewayProxyV2Event": "API Gateway, HTTP",
    "cloudformationCustomResourceCreate": "CloudFormation, custom resource",
    "cloudWatchAlarmEventSingleMetric": "CloudWatch alarm",
    "cloudWatchLogEvent": "CloudWatch Logs",
    "cognitoPreSignUpEvent": "Cognito, before sign-up",
    "dynamoStreamEvent": "DynamoDB stream",
    "eventBridgeEvent": "EventBridge",
    "kinesisFirehosePutEvent": "Firehose",
    "lambdaFunctionUrlEvent": "Function URL",
    "kafkaEventMsk": "Kafka (MSK)",
    "kinesisStreamEvent": "Kinesis stream",
    "activeMQEvent": "MQ (ActiveMQ)",
    "s3Event": "S3",
    "secretsManagerEvent": "Secrets Manager, rotation",
    "sesEvent": "SES",
    "snsEvent": "SNS",
    "sqsEvent": "SQS",
}


@cache
def event(name: str) -> str:
    """The JSON text of a sample. Raises KeyError."""
    if name not in TITLES:
        raise KeyError(name)
    return (HERE / f"{name}.json").read_text()
