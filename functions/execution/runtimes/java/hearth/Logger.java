package hearth;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogFormat;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One call is one log event, whatever newlines it holds: the executor turns a carriage return into a newline. Text, or
 * JSON objects, from the level that the function's configuration names.
 */
final class Logger implements LambdaLogger {
    private final boolean isJson = LogFormat.fromString(System.getenv("AWS_LAMBDA_LOG_FORMAT")) == LogFormat.JSON;
    private final LogLevel least;
    private volatile Context context;

    Logger() {
        String level = System.getenv("AWS_LAMBDA_LOG_LEVEL");
        least = isJson && level != null ? LogLevel.fromString(level) : LogLevel.UNDEFINED;
    }

    /** Whose lines follow; null outside of invocations. */
    void setContext(Context context) {
        this.context = context;
    }

    @Override
    public void log(String message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(byte[] message) {
        log(message, LogLevel.UNDEFINED);
    }

    @Override
    public void log(String message, LogLevel level) {
        if (!isEnabled(level)) {
            return;
        }
        if (isJson) {
            write(object(message, level));
        } else {
            write(level == LogLevel.UNDEFINED ? String.valueOf(message) : "[" + level + "] " + message);
        }
    }

    /** Bytes go as they are. */
    @Override
    public void log(byte[] message, LogLevel level) {
        if (isEnabled(level)) {
            write(message == null ? "null" : new String(message, StandardCharsets.UTF_8));
        }
    }

    /** Of the runtime itself. */
    void error(String message) {
        log(message, isJson ? LogLevel.ERROR : LogLevel.UNDEFINED);
    }

    private boolean isEnabled(LogLevel level) {
        return level == LogLevel.UNDEFINED || level.compareTo(least) >= 0;
    }

    private String object(String message, LogLevel level) {
        Map<String, Object> line = new LinkedHashMap<>();
        String now = Instant.ofEpochMilli(System.currentTimeMillis()).toString();
        line.put("timestamp", now.length() == 20 ? now.replace("Z", ".000Z") : now);
        line.put("message", message);
        line.put("level", level.name());
        Context of = context;
        if (of != null) {
            line.put("AWSRequestId", of.getAwsRequestId());
            if (of.getTenantId() != null) {
                line.put("tenantId", of.getTenantId());
            }
        }
        return new String(Json.write(line), StandardCharsets.UTF_8);
    }

    private static void write(String text) {
        String event = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        byte[] line = (event.replace('\n', '\r') + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (System.out) {
            System.out.write(line, 0, line.length);
            System.out.flush();
        }
    }
}
