package hearth;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/** A method of any class as handler. */
final class MethodHandler implements Handler {
    private final Signature signature;
    private final Method method;
    private final Object target; // null for a static method
    private final Objects objects;

    MethodHandler(Signature signature, Object target, Class<?> type, ClassLoader loader) {
        this.signature = signature;
        this.method = Beans.open(signature.method);
        this.target = target;
        Class<?> above = method.getDeclaringClass();
        this.objects = new Objects(
                Generics.resolve(signature.input, type, above),
                Generics.resolve(method.getGenericReturnType(), type, above),
                loader);
    }

    @Override
    public byte[] call(byte[] event, Context context) throws Throwable {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        List<Object> arguments = new ArrayList<>();
        for (Class<?> parameter : method.getParameterTypes()) {
            if (parameter == Context.class) {
                arguments.add(context);
            } else if (parameter == InputStream.class) {
                arguments.add(new ByteArrayInputStream(event));
            } else if (parameter == OutputStream.class) {
                arguments.add(output);
            } else {
                arguments.add(objects.read(event));
            }
        }
        Object result;
        try {
            result = method.invoke(target, arguments.toArray());
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
        if (signature.hasOutput) {
            return output.toByteArray();
        }
        return signature.hasInputStream ? Json.write(null) : objects.write(result);
    }
}
