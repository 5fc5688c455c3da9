package hearth;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;

/** A function's handler: bytes in, bytes out. */
interface Handler {
    byte[] call(byte[] event, Context context) throws Throwable;

    /**
     * By its name: a class that implements one of AWS's interfaces, or class::method. What keeps its class from being
     * loaded or made is a Fault at once; what is wrong with its name or signature fails each call, as on AWS.
     */
    static Handler load(String name, ClassLoader loader) {
        int colons = name.lastIndexOf("::");
        String className = colons < 0 ? name : name.substring(0, colons);
        String method = colons < 0 ? null : name.substring(colons + 2);
        if (className.isEmpty() || method != null && method.isEmpty()) {
            return failing(Fault.saying("Invalid handler: `" + name + "'"));
        }
        Class<?> type;
        try {
            type = Class.forName(className, true, loader);
        } catch (ClassNotFoundException error) {
            return failing(Fault.saying("Class not found: " + className, error));
        } catch (NoClassDefFoundError error) {
            return failing(Fault.saying(loading(className, error), error));
        } catch (Throwable error) {
            throw Fault.saying(loading(className, error), error);
        }
        try {
            return method == null ? ofInterface(type, loader) : ofMethod(type, method, loader);
        } catch (InvocationTargetException error) {
            Throwable reason = error.getCause();
            throw Fault.saying(Fault.messageOf(reason), reason);
        } catch (Fault fault) {
            return failing(fault);
        } catch (ReflectiveOperationException | LinkageError error) {
            return failing(Fault.saying(Fault.messageOf(error), error));
        }
    }

    static String loading(String className, Throwable error) {
        return "Error loading class " + className + (error.getMessage() == null ? "" : ": " + error.getMessage());
    }

    static Handler failing(Fault fault) {
        return new Handler() {
            @Override
            public byte[] call(byte[] event, Context context) {
                throw fault;
            }
        };
    }

    static Handler ofInterface(Class<?> type, ClassLoader loader) throws ReflectiveOperationException {
        if (RequestStreamHandler.class.isAssignableFrom(type)) {
            RequestStreamHandler made = (RequestStreamHandler) instance(type);
            return new Handler() {
                @Override
                public byte[] call(byte[] event, Context context) throws IOException {
                    ByteArrayOutputStream output = new ByteArrayOutputStream();
                    made.handleRequest(new ByteArrayInputStream(event), output, context);
                    return output.toByteArray();
                }
            };
        }
        if (!RequestHandler.class.isAssignableFrom(type)) {
            throw Fault.saying("Class does not implement an appropriate handler interface: " + type.getName());
        }
        Type[] types = Generics.argumentsOf(type, RequestHandler.class);
        if (types == null) {
            throw Fault.saying("Class " + type.getName() + " does not implement RequestHandler with concrete type parameters");
        }
        @SuppressWarnings("unchecked")
        RequestHandler<Object, Object> made = (RequestHandler<Object, Object>) instance(type);
        Objects objects = new Objects(types[0], types[1], loader);
        return new Handler() {
            @Override
            public byte[] call(byte[] event, Context context) {
                return objects.write(made.handleRequest(objects.read(event), context));
            }
        };
    }

    /** Of methods with the name, the longest signature counts, with a bonus for a context at its end. */
    static Handler ofMethod(Class<?> type, String name, ClassLoader loader) throws ReflectiveOperationException {
        Signature best = null;
        for (Method method : type.getMethods()) {
            Signature signature = method.getName().equals(name) ? Signature.of(method) : null;
            if (signature != null && (best == null || signature.weight() > best.weight())) {
                best = signature;
            }
        }
        if (best == null) {
            String message = " with appropriate method signature found on class ";
            throw Fault.saying("No public method named " + name + message + type.getName());
        }
        Object target = Modifier.isStatic(best.method.getModifiers()) ? null : instance(type);
        return new MethodHandler(best, target, type, loader);
    }

    static Object instance(Class<?> type) throws ReflectiveOperationException {
        Constructor<?> constructor;
        try {
            constructor = type.getConstructor();
        } catch (NoSuchMethodException error) {
            if (type.getEnclosingClass() != null && !Modifier.isStatic(type.getModifiers())) {
                String message = " cannot be instantiated because it is a non-static inner class";
                throw Fault.saying("Class " + type.getName() + message, new Exception(message));
            }
            String message = "Class " + type.getName() + " has no public zero-argument constructor";
            throw Fault.saying(message, new Exception(message, error));
        }
        return Beans.open(constructor).newInstance();
    }
}
