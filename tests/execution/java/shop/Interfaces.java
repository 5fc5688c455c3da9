package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** Classes that implement AWS's interfaces. */
public class Interfaces {
    public static class Objects implements RequestHandler<List<Order>, String> {
        @Override
        public String handleRequest(List<Order> orders, Context context) {
            return orders.get(0).getId() + orders.get(0).getLines().get(0).getPrice();
        }
    }

    public abstract static class Base<T> implements RequestHandler<T, T> {
        @Override
        public T handleRequest(T value, Context context) {
            return value;
        }
    }

    public static class Inherited extends Base<Order> {}

    public static class Streams implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
            for (int letter = in.read(); letter >= 0; letter = in.read()) {
                out.write(letter);
            }
        }
    }

    public static class Broken implements RequestStreamHandler {
        public Broken() {
            throw new IllegalStateException("not made");
        }

        @Override
        public void handleRequest(InputStream in, OutputStream out, Context context) {}
    }

    public static class Neither {}
}
