package hearth;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What went wrong, as AWS tells of it: in the payload, and in the log. */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final String OWN = Fault.class.getPackage().getName() + ".";

    private final String type; // null when no exception is behind it
    private final transient List<String> frames; // null for what is not shown in the payload
    private final String trace;

    private Fault(String message, String type, List<String> frames, String trace) {
        super(message, null, false, false);
        this.type = type;
        this.frames = frames;
        this.trace = trace;
    }

    static Fault saying(String message) {
        return new Fault(message, null, null, null);
    }

    /** Of something that kept the handler from being made: its frames are in the log only. */
    static Fault saying(String message, Throwable reason) {
        hideOwnFrames(reason, identitySet());
        return new Fault(message, reason.getClass().getName(), null, print(reason));
    }

    static Fault of(Throwable thrown) {
        if (thrown instanceof Fault) {
            return (Fault) thrown;
        }
        hideOwnFrames(thrown, identitySet());
        List<String> frames = new ArrayList<>();
        for (StackTraceElement frame : thrown.getStackTrace()) {
            frames.add(frame.toString());
        }
        return new Fault(messageOf(thrown), thrown.getClass().getName(), frames, print(thrown));
    }

    static String messageOf(Throwable thrown) {
        String message = thrown.getLocalizedMessage();
        return message == null ? thrown.getClass().getName() : message;
    }

    String type() {
        return type == null ? "Function.Unknown" : type;
    }

    Map<String, Object> payload() {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("errorMessage", getMessage());
        if (type != null) {
            payload.put("errorType", type);
        }
        if (frames != null) {
            payload.put("stackTrace", frames);
        }
        return payload;
    }

    String report() {
        return trace == null ? getMessage() + "\n" : getMessage() + ": " + type + "\n" + trace + "\n";
    }

    /** Cut each trace where our code begins: in the exception itself, its causes and what it suppressed. */
    private static void hideOwnFrames(Throwable thrown, Set<Throwable> seen) {
        if (thrown == null || !seen.add(thrown)) {
            return;
        }
        StackTraceElement[] frames = thrown.getStackTrace();
        int end = 0;
        while (end < frames.length && !frames[end].getClassName().startsWith(OWN)) {
            end++;
        }
        // Between the handler and us lies reflection, which AWS's calls do not show.
        while (end < frames.length && end > 0 && isReflection(frames[end - 1].getClassName())) {
            end--;
        }
        StackTraceElement[] kept = new StackTraceElement[end];
        System.arraycopy(frames, 0, kept, 0, end);
        thrown.setStackTrace(kept);
        hideOwnFrames(thrown.getCause(), seen);
        for (Throwable suppressed : thrown.getSuppressed()) {
            hideOwnFrames(suppressed, seen);
        }
    }

    private static boolean isReflection(String name) {
        return name.startsWith("java.lang.reflect.") || name.startsWith("jdk.internal.reflect.")
                || name.startsWith("sun.reflect.") || name.startsWith("java.lang.invoke.");
    }

    private static Set<Throwable> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static String print(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
