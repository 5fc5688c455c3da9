package hearth;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The context of one invocation, from the head of its frame and the environment. */
final class InvocationContext implements Context {
    private final Map<String, Object> head;
    private final LambdaLogger logger;
    private final ClientContext client;

    InvocationContext(Map<String, Object> head, LambdaLogger logger) {
        this.head = head;
        this.logger = logger;
        String text = string(head, "client_context");
        this.client = text == null || text.isEmpty() ? null : new Sent(Json.read(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String getAwsRequestId() {
        return string(head, "id");
    }

    @Override
    public String getLogGroupName() {
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return string(head, "arn");
    }

    @Override
    public CognitoIdentity getIdentity() {
        Map<String, Object> cognito = map(head.get("cognito"));
        return new CognitoIdentity() {
            @Override
            public String getIdentityId() {
                return string(cognito, "cognitoIdentityId");
            }

            @Override
            public String getIdentityPoolId() {
                return string(cognito, "cognitoIdentityPoolId");
            }
        };
    }

    @Override
    public ClientContext getClientContext() {
        return client;
    }

    @Override
    public int getRemainingTimeInMillis() {
        long deadline = ((Number) head.get("deadline_ms")).longValue();
        return (int) Math.max(0, deadline - System.currentTimeMillis());
    }

    @Override
    public int getMemoryLimitInMB() {
        return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
    }

    @Override
    public LambdaLogger getLogger() {
        return logger;
    }

    @Override
    public String getTenantId() {
        return string(head, "tenant");
    }

    @Override
    public String getXrayTraceId() {
        String trace = string(head, "trace");
        return trace == null || trace.isEmpty() ? null : trace;
    }

    private static String string(Map<String, Object> values, String name) {
        Object value = values.get(name);
        return value == null ? null : value.toString();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return value instanceof Map ? (Map<String, Object>) value : new LinkedHashMap<>();
    }

    /** What the caller sent. */
    private static final class Sent implements ClientContext, Client {
        private final Map<String, Object> values;
        private final Map<String, Object> client;

        Sent(Object values) {
            this.values = map(values);
            this.client = map(this.values.get("client"));
        }

        @Override
        public Client getClient() {
            return values.get("client") == null ? null : this;
        }

        @Override
        public Map<String, String> getCustom() {
            return strings("custom");
        }

        @Override
        public Map<String, String> getEnvironment() {
            return strings("env");
        }

        private Map<String, String> strings(String name) {
            if (values.get(name) == null) {
                return null;
            }
            Map<String, String> found = new LinkedHashMap<>();
            for (Map.Entry<String, Object> entry : map(values.get(name)).entrySet()) {
                found.put(entry.getKey(), entry.getValue() == null ? null : entry.getValue().toString());
            }
            return found;
        }

        @Override
        public String getInstallationId() {
            return string(client, "installation_id");
        }

        @Override
        public String getAppTitle() {
            return string(client, "app_title");
        }

        @Override
        public String getAppVersionName() {
            return string(client, "app_version_name");
        }

        @Override
        public String getAppVersionCode() {
            return string(client, "app_version_code");
        }

        @Override
        public String getAppPackageName() {
            return string(client, "app_package_name");
        }
    }
}
