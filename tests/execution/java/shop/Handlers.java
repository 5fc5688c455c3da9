package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Methods of a class that implements nothing. */
public class Handlers {
    private int calls;

    public Map<String, Object> map(Map<String, Object> event, Context context) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("event", event);
        answer.put("calls", ++calls);
        answer.put("release", System.getProperty("java.specification.version"));
        return answer;
    }

    public String text(String event) {
        return event.toUpperCase();
    }

    public static int sum(List<Integer> numbers) {
        int sum = 0;
        for (int number : numbers) {
            sum += number;
        }
        return sum;
    }

    public Order order(Order order, Context context) {
        order.total = order.getLines().stream().mapToDouble(line -> line.getPrice() * line.getCount()).sum();
        return order;
    }

    public void stream(InputStream in, OutputStream out, Context context) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        for (int letter = in.read(); letter >= 0; letter = in.read()) {
            read.write(letter);
        }
        out.write(("<" + read.toString("UTF-8") + ">").getBytes("UTF-8"));
    }

    public void nothing() {}

    public List<Object> context(Object event, Context context) throws IOException {
        return new ArrayList<>(Arrays.asList(
                context.getFunctionName(),
                context.getFunctionVersion(),
                context.getInvokedFunctionArn(),
                context.getMemoryLimitInMB(),
                context.getAwsRequestId(),
                context.getLogGroupName(),
                context.getLogStreamName(),
                context.getClientContext().getCustom().get("a"),
                context.getRemainingTimeInMillis() > 1000,
                context.getTenantId(), java.nio.charset.Charset.defaultCharset().name(),
                System.getenv("MINE"),
                System.getenv("AWS_EXECUTION_ENV"),
                System.getProperty("mine"),
                new String(Files.readAllBytes(Paths.get("data.txt")), "UTF-8"),
                Runtime.getRuntime().maxMemory() >> 20,
                System.getenv().keySet().stream().filter(name -> name.contains("HEARTH")).count()));
    }

    public void output(Object event, Context context) {
        System.out.println("printed");
        System.err.println("warned");
        context.getLogger().log("logged\nas one");
        LambdaRuntime.getLogger().log("fine", LogLevel.DEBUG);
        LambdaRuntime.getLogger().log("grave", LogLevel.WARN);
    }

    public void fails(Map<String, String> event) {
        try {
            throw new IllegalStateException("inner");
        } catch (IllegalStateException error) {
            throw new UnsupportedOperationException(event.get("message"), error);
        }
    }

    public void endless() {
        while (true) {}
    }

    public int eat() {
        List<byte[]> kept = new ArrayList<>();
        while (true) {
            kept.add(new byte[1 << 20]);
        }
    }

    public String large(int size) {
        char[] letters = new char[size];
        Arrays.fill(letters, 'x');
        return new String(letters);
    }

    public String wrapped() {
        return System.getenv("WRAPPED");
    }

    public void leave(int status) {
        System.exit(status);
    }
}
