package hearth;

import com.amazonaws.services.lambda.runtime.LambdaRuntimeInternal;
import java.io.ByteArrayInputStream;
import java.io.IOError;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The Java runtime inside a sandbox: loads the handler, then serves one invocation at a time.
 *
 * <p>Speaks the frames that ../../python/bootstrap.py describes on descriptor 3. The process starts when the function is
 * known, so there is no "ready" and no "assign": the environment has the handler. Payloads and log lines of errors are
 * those of AWS's own Java runtime client. Java 8, standard library only.
 */
public final class Bootstrap {
    private static final int CONTROL = 3;
    private static final int MAX_RESPONSE = 6 * 1024 * 1024 + 100;
    private static final String TRACE_PROPERTY = "com.amazonaws.xray.traceHeader";

    private final Channel channel = new Channel(CONTROL);
    private final Logger logger = new Logger();

    public static void main(String[] arguments) throws Exception {
        System.setIn(new ByteArrayInputStream(new byte[0]));
        System.setOut(new PrintStream(System.out, true, "UTF-8"));
        System.setErr(new PrintStream(System.err, true, "UTF-8"));
        new Bootstrap().run();
    }

    private void run() throws Exception {
        LambdaRuntimeInternal.setLogger(logger);
        ClassLoader loader = new FunctionLoader(ClassLoader.getSystemClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        Handler handler;
        try {
            handler = Handler.load(System.getenv("_HANDLER"), loader);
        } catch (Fault fault) {
            logger.error(fault.report());
            channel.send(head("init", null, fault.type()), Json.write(fault.payload()));
            System.exit(1);
            return;
        }
        channel.send(head("init", null, null), new byte[0]);
        while (true) {
            Channel.Frame frame = channel.receive();
            boolean goesOn = serve(handler, frame);
            if (!goesOn) {
                System.exit(1);
            }
        }
    }

    private boolean serve(Handler handler, Channel.Frame frame) {
        Object id = frame.head.get("id");
        Object trace = frame.head.get("trace");
        if (trace == null || trace.toString().isEmpty()) {
            System.clearProperty(TRACE_PROPERTY);
        } else {
            System.setProperty(TRACE_PROPERTY, trace.toString());
        }
        try {
            InvocationContext context = new InvocationContext(frame.head, logger);
            logger.setContext(context);
            byte[] response = handler.call(frame.body, context);
            Map<String, Object> answer = head("done", id, null);
            if (response.length > MAX_RESPONSE) {
                answer.put("size", response.length);
                response = new byte[0];
            }
            channel.send(answer, response);
            Thread.interrupted(); // the handler may have left it set
            return true;
        } catch (Throwable thrown) {
            boolean isLast = thrown instanceof VirtualMachineError || thrown instanceof IOError;
            Fault fault = Fault.of(thrown);
            logger.error(fault.report());
            Map<String, Object> answer = head("done", id, fault.type());
            answer.put("last", isLast);
            channel.send(answer, Json.write(fault.payload()));
            return !isLast;
        }
    }

    private static Map<String, Object> head(String operation, Object id, String error) {
        Map<String, Object> head = new LinkedHashMap<>();
        head.put("op", operation);
        if (id != null) {
            head.put("id", id);
        }
        if (error != null) {
            head.put("error", error);
        }
        return head;
    }
}
