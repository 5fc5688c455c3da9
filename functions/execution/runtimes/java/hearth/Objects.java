package hearth;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Type;
import java.util.Iterator;
import java.util.ServiceLoader;

/** Between the bytes of an invocation and what a handler takes and gives: our own JSON, or the function's. */
final class Objects {
    private final Type input;
    private final Type output;
    private final CustomPojoSerializer own;

    Objects(Type input, Type output, ClassLoader loader) {
        this.input = input;
        this.output = output;
        Iterator<CustomPojoSerializer> found = ServiceLoader.load(CustomPojoSerializer.class, loader).iterator();
        this.own = found.hasNext() ? found.next() : null;
    }

    Object read(byte[] event) {
        if (input == null || input == Void.class) {
            return null;
        }
        try {
            return own != null ? own.fromJson(new ByteArrayInputStream(event), input) : Binder.bind(Json.read(event), input);
        } catch (RuntimeException error) {
            throw new RuntimeException("An error occurred during JSON parsing", error);
        }
    }

    byte[] write(Object result) {
        if (output == void.class || output == Void.class) {
            return Json.write(null);
        }
        try {
            if (own == null) {
                return Json.write(result);
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            own.toJson(result, text, output);
            return text.toByteArray();
        } catch (RuntimeException error) {
            throw new RuntimeException("An error occurred during JSON serialization of response", error);
        }
    }
}
