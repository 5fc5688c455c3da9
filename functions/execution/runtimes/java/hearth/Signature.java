package hearth;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;

/** What a handler's method takes: an event or a stream of it, a stream for the answer, a context; in this order. */
final class Signature {
    final Method method;
    final Type input; // of the event; null when the method takes none, or a stream
    final boolean hasInputStream;
    final boolean hasOutput;

    private Signature(Method method, Type input) {
        this.method = method;
        this.input = input;
        List<Class<?>> types = Arrays.asList(method.getParameterTypes());
        this.hasInputStream = types.contains(InputStream.class);
        this.hasOutput = types.contains(OutputStream.class);
    }

    /** Null for a method that cannot be a handler. */
    static Signature of(Method method) {
        Class<?>[] types = method.getParameterTypes();
        int at = 0;
        Type input = null;
        boolean isStream = types.length > 0 && types[0] == InputStream.class;
        if (at < types.length && types[at] != OutputStream.class && types[at] != Context.class) {
            input = isStream ? null : method.getGenericParameterTypes()[0];
            at++;
        }
        if (at < types.length && types[at] == OutputStream.class && (at == 0 || isStream)) {
            at++;
        }
        if (at < types.length && types[at] == Context.class) {
            at++;
        }
        return at == types.length ? new Signature(method, input) : null;
    }

    /** Methods that the compiler added come last. */
    int weight() {
        Class<?>[] types = method.getParameterTypes();
        int context = types.length > 0 && types[types.length - 1] == Context.class ? 1 : 0;
        return method.isBridge() ? -1 : types.length + context;
    }
}
