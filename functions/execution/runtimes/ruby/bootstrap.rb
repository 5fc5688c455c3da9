# frozen_string_literal: true

# The Ruby runtime inside a sandbox: loads the handler, then serves one invocation at a time.
#
# Standard library only. Speaks frames (length of a JSON head, length of a body, both) on descriptor 3, as
# `../python/bootstrap.py` describes. Error payloads and log lines are those of AWS's own Ruby runtime client.

require 'json'
require 'logger'
require 'stringio'

CONTEXT_VARIABLES = {
  log_group_name: 'AWS_LAMBDA_LOG_GROUP_NAME',
  log_stream_name: 'AWS_LAMBDA_LOG_STREAM_NAME',
  function_name: 'AWS_LAMBDA_FUNCTION_NAME',
  function_version: 'AWS_LAMBDA_FUNCTION_VERSION',
  memory_limit_in_mb: 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE'
}.freeze

# What a handler gets as `context`: the readers that AWS documents.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :deadline_ms, :identity, :client_context, :tenant_id,
              *CONTEXT_VARIABLES.keys

  def initialize(head)
    CONTEXT_VARIABLES.each { |name, variable| instance_variable_set("@#{name}", ENV[variable]) }
    @aws_request_id = head['id']
    @invoked_function_arn = head['arn']
    @deadline_ms = head['deadline_ms']
    @identity = head['cognito']
    @client_context = JSON.parse(head['client_context']) unless head['client_context'].to_s.empty?
    @tenant_id = head['tenant']
  end

  def get_remaining_time_in_millis
    [deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end
end

# The function's code. Handlers are FILE.METHOD, or FILE.CLASS.METHOD with a method of the class itself. As on AWS the
# first run as methods of this very object, which is why it has so few of its own: what the file keeps in variables of
# its main object is out of their sight.
class LambdaHandler
  attr_reader :handler_file_name, :handler_method_name

  def initialize(name)
    @handler_file_name, *owner, @handler_method_name = name.split('.')
    @handler_class = owner.first
    return if @handler_method_name && owner.size < 2

    raise ArgumentError, "Invalid handler #{name.split('.')}, must be of form FILENAME.METHOD or " \
                         'FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file ' \
                         'FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable ' \
                         'method. If using CLASS, METHOD must be a class-level method.'
  end

  def call_handler(event, context)
    target = @handler_class ? Kernel.const_get(@handler_class) : self
    result = target.__send__(@handler_method_name, event: event, context: context)
    case result
    when StringIO, IO then result.read.to_s
    else result.to_json
    end
  end
end

module Hearth
  MAX_RESPONSE = (6 * 1024 * 1024) + 100
  FRAMES_SHOWN = 100

  # Frames over the inherited socket.
  class Channel
    def initialize(number)
      @socket = IO.for_fd(number, 'r+b')
      @socket.sync = true
      @socket.close_on_exec = true
    end

    def receive
      head, body = exactly(8).unpack('NN')
      [JSON.parse(exactly(head)), exactly(body)]
    end

    def send(head, body = '')
      text = JSON.generate(head)
      @socket.write([text.bytesize, body.bytesize].pack('NN'), text, body) # in parts: encodings may differ
    end

    private

    def exactly(size)
      data = @socket.read(size)
      exit!(0) if data.nil? || data.bytesize < size # the executor has gone
      data
    end
  end

  # An exception as AWS tells of it.
  class Failure
    attr_reader :type, :payload

    def initialize(error, type)
      @type = type
      frames = (error.backtrace_locations || []).map(&:to_s).take_while { |each| !each.start_with?('/var/runtime/') }
      message = String.new(error.message.to_s, encoding: 'UTF-8').scrub
      @payload = { errorMessage: message, errorType: @type, stackTrace: frames.first(FRAMES_SHOWN) }
    end

    def log(message)
      puts message
      puts JSON.pretty_generate(@payload)
    end

    def json
      JSON.generate(@payload)
    end
  end

  # The formatter of loggers that write to the log: with the id of the request.
  class Formatter < Logger::Formatter
    def call(severity, time, progname, message)
      format("%s, [%s #%d] %5s %s -- %s: %s\r", severity[0], format_datetime(time), Process.pid, severity,
             Runtime.request_id, progname, msg2str(message)).gsub("\n", "\r").sub(/\r\z/, "\n")
    end
  end

  # Prepended to Logger.
  module LogsToLambda
    def initialize(device, *rest, formatter: nil, **options)
      formatter ||= Formatter.new if [nil, $stdout, $stderr].include?(device)
      super(device || $stdout, *rest, formatter: formatter, **options)
    end
  end

  # Prepended to Kernel: what one call puts is one log event, whatever newlines it holds.
  module WholeEvents
    def puts(*values)
      text = values.empty? ? '' : StringIO.new.tap { |lines| lines.puts(*values) }.string
      $stdout.write(text.chomp.gsub("\n", "\r"), "\n")
      nil
    end
  end

  # The life of the runtime process.
  class Runtime
    class << self
      attr_accessor :request_id
    end

    def run
      @channel = Channel.new(3)
      become unless ENV.key?('_HANDLER') # a process that starts late has its function in the environment
      $LOAD_PATH.unshift('/var/task', *(ENV.fetch('RUBYLIB', '').split(':') - ['/var/task']))
      telling_failure do
        @handler = LambdaHandler.new(ENV.fetch('_HANDLER'))
        require @handler.handler_file_name
      end
      wait_for_use if ENV['AWS_LAMBDA_INITIALIZATION_TYPE'] == 'snap-start'
      @channel.send({ op: 'init' })
      loop { serve(*@channel.receive) }
    end

    private

    # Wait for a function: directory, environment, gems.
    def become
      @channel.send({ op: 'ready' })
      head, = @channel.receive
      Dir.chdir('/var/task') # again: the code has been put over what was there
      ENV.replace(head['environment'])
      Gem.clear_paths
    end

    # SnapStart: init is over, and some time later somebody needs it.
    def wait_for_use
      require_relative 'lib/snapshot_restore'
      telling_failure('Runtime.BeforeSnapshotError') { SnapshotRestore.before_snapshot.reverse_each(&:call) }
      @channel.send({ op: 'init' })
      head, = @channel.receive
      ENV.replace(head['environment'])
      telling_failure('Runtime.AfterRestoreError') { SnapshotRestore.after_restore.each(&:call) }
    end

    # The end of the process when the block fails.
    def telling_failure(type = nil)
      yield
    rescue Exception => e # also SystemExit: as AWS
      failure = Failure.new(e, type || "Init<#{e.class}>")
      failure.log(type || "Init error when loading handler #{ENV['_HANDLER']}")
      @channel.send({ op: 'init', error: failure.type }, failure.json)
      exit!(252)
    end

    def serve(head, body)
      Runtime.request_id = head['id']
      ENV['_X_AMZN_TRACE_ID'] = head['trace'] unless head['trace'].to_s.empty?
      answer = { op: 'done', id: head['id'] }
      response = @handler.call_handler(JSON.parse(body), LambdaContext.new(head))
      size = response.bytesize
      size > MAX_RESPONSE ? @channel.send(answer.merge(size: size)) : @channel.send(answer, response)
    rescue NameError => e # also NoMethodError: AWS ends the process after these
      failed(answer, e, critical: true)
    rescue StandardError => e
      failed(answer, e, critical: false)
    rescue Exception => e
      failed(answer, e, critical: true)
    end

    def failed(answer, error, critical:)
      failure = Failure.new(error, "Function<#{error.class}>")
      failure.log(critical ? 'Critical exception from handler' : 'Error raised from handler method')
      @channel.send(answer.merge(error: failure.type, last: critical), failure.json)
      exit!(255) if critical
    end
  end
end

$stdout.sync = true
$stderr.sync = true
Logger.prepend(Hearth::LogsToLambda)
Kernel.prepend(Hearth::WholeEvents)
Object.include(Hearth::WholeEvents)
Hearth::Runtime.new.run
