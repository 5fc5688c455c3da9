package hearth;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.util.Map;

/** Frames over the inherited socket: length of a JSON head, length of a body, both. */
final class Channel {
    private final DataInputStream in;
    private final OutputStream out;

    static final class Frame {
        final Map<String, Object> head;
        final byte[] body;

        Frame(Map<String, Object> head, byte[] body) {
            this.head = head;
            this.body = body;
        }
    }

    Channel(int number) {
        FileDescriptor descriptor = descriptor(number);
        in = new DataInputStream(new BufferedInputStream(new FileInputStream(descriptor), 65536));
        out = new FileOutputStream(descriptor);
    }

    /** A descriptor by its number: /proc/self/fd cannot open sockets. Needs --add-opens=java.base/java.io since Java 9. */
    private static FileDescriptor descriptor(int number) {
        try {
            Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
            constructor.setAccessible(true);
            return constructor.newInstance(number);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The next frame; ends the process when the executor has gone. */
    @SuppressWarnings("unchecked")
    Frame receive() {
        try {
            byte[] head = new byte[in.readInt()];
            byte[] body = new byte[in.readInt()];
            in.readFully(head);
            in.readFully(body);
            return new Frame((Map<String, Object>) Json.read(head), body);
        } catch (EOFException gone) {
            Runtime.getRuntime().halt(0);
            throw new IllegalStateException(gone);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    synchronized void send(Map<String, Object> head, byte[] body) {
        byte[] text = Json.write(head);
        ByteBuffer frame = ByteBuffer.allocate(8 + text.length + body.length);
        frame.putInt(text.length).putInt(body.length).put(text).put(body);
        try {
            out.write(frame.array());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
