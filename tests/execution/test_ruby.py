"""The Ruby runtime: handlers, context, gems and layers, log lines, failures with AWS's payloads."""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.execution.runtimes import discovery
from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.running import RunningExecutor

RUBIES = [each for each in discovery.found() if each.family == "ruby"]
pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(not RUBIES, reason="no Ruby on this machine")]


def function(executor: RunningExecutor, source: str | dict[str, str], **changes: object) -> FunctionSpec:
    files = source if isinstance(source, dict) else {"app.rb": source}
    ruby = {"runtime": "ruby3.3", "stand_in": RUBIES[0].runtime}
    return executor.function(files, **{**ruby, "timeout_s": 10, **changes})


def test_a_method_and_a_method_of_a_class(executor: RunningExecutor) -> None:
    files = {
        "app.rb": """
            $loaded = ($loaded || 0) + 1
            def handler(event:, context:)
              { event: event, version: RUBY_VERSION, loaded: $loaded, here: Dir.pwd, data: File.read('data.txt') }
            end
            module Shop
              class Cart
                def self.total(event:, context:) = event['prices'].sum
              end
            end
            """,
        "data.txt": "data",
    }
    spec = function(executor, files)
    for event in ({"ü": [1, None]}, [2]):
        answer = json.loads(executor.invoke(spec, event).payload)
        version = RUBIES[0].version
        assert answer == {"event": event, "version": version, "loaded": 1, "here": "/var/task", "data": "data"}
    assert (
        executor.invoke(function(executor, files, handler="app.Shop::Cart.total"), {"prices": [1, 2.5]}).payload
        == b"3.5"
    )


def test_what_is_not_json_goes_as_it_is(executor: RunningExecutor) -> None:
    source = "require 'stringio'\ndef handler(event:, context:) = StringIO.new(%(<p>#{event}</p>))"
    assert executor.invoke(function(executor, source), 1).payload == b"<p>1</p>"


def test_context_and_environment(executor: RunningExecutor) -> None:
    source = """
        def handler(event:, context:)
          [context.function_name, context.function_version, context.invoked_function_arn, context.memory_limit_in_mb,
           context.aws_request_id, context.log_group_name, context.log_stream_name, context.client_context['custom'],
           context.get_remaining_time_in_millis.between?(4000, 10_000), context.tenant_id, ENV['MINE'],
           File.read(__FILE__).encoding, ENV['AWS_EXECUTION_ENV'],
           ENV['RUBYLIB'], ENV['GEM_PATH'], ENV.keys.grep(/HEARTH|^HOME$/)]
        end
        """
    spec = function(executor, source, environment={"MINE": "j\u00e4"})
    result = executor.invoke(spec, client_context='{"custom": 1}')
    assert json.loads(result.payload) == [
        spec.function_name,
        "$LATEST",
        f"arn:aws:lambda:eu-west-1:{spec.account_id}:function:{spec.function_name}",
        "128",
        result.request_id,
        f"/aws/lambda/{spec.function_name}",
        executor.last(spec).log_stream,
        1,
        True,
        None,
        "j\u00e4",
        "UTF-8",
        "AWS_Lambda_ruby3.3",
        "/var/task:/var/runtime/lib:/opt/ruby/lib",
        "/var/task/vendor/bundle/ruby/3.3.0:/opt/ruby/gems/3.3.0",
        [],
    ]


def test_gems_of_the_package_and_libraries_of_layers(executor: RunningExecutor) -> None:
    files = {
        "app.rb": "require 'hello'\nrequire 'shared'\ndef handler(event:, context:) = [Hello::TEXT, SHARED]",
        "vendor/bundle/ruby/3.3.0/gems/hello-1.0/lib/hello.rb": "module Hello; TEXT = 'from a gem'; end",
        "vendor/bundle/ruby/3.3.0/specifications/hello-1.0.gemspec": """
            Gem::Specification.new do |s|
              s.name = 'hello'
              s.version = '1.0'
              s.summary = s.author = 'x'
              s.require_paths = ['lib']
            end
            """,
    }
    layers = executor.deploy({"ruby/lib/shared.rb": "SHARED = 'from a layer'"})
    assert executor.invoke(function(executor, files, layers=layers)).payload == b'["from a gem","from a layer"]'


def test_output(executor: RunningExecutor) -> None:
    source = """
        require 'logger'
        def handler(event:, context:)
          puts "one\\nevent", 2
          print "printed\\n"
          Logger.new($stdout).info('logged')
          warn 'warned'
        end
        """
    spec = function(executor, source)
    result = executor.invoke(spec)
    lines = executor.messages(spec)
    assert lines[0] == f"INIT_START Runtime Version: ruby:{RUBIES[0].version} (stands in for ruby3.3)\n"
    lines = lines[2:6]
    assert lines[:2] == ["one\nevent\n2\n", "printed\n"]
    assert re.fullmatch(rf"I, \[[-\dT:. ]+ #\d+\]  INFO {result.request_id} -- : logged\n", lines[2]), lines[2]
    assert lines[3] == "warned\n"


@pytest.mark.parametrize(
    ("body", "kind", "message", "goes_on"),
    [
        ("raise ArgumentError, 'bad'", "Function<ArgumentError>", "bad", True),
        ("raise IOError, %(caf\\xE9)", "Function<IOError>", "caf\N{REPLACEMENT CHARACTER}", True),
        ("nope", "Function<NameError>", "undefined local variable or method `nope'", False),
        ("raise NotImplementedError, 'x'", "Function<NotImplementedError>", "x", False),
        ("exit 3", "Function<SystemExit>", "exit", False),
        ("a = []; a << a; a", "Function<JSON::NestingError>", "nesting of 10", True),
    ],
)
def test_errors(executor: RunningExecutor, body: str, kind: str, message: str, goes_on: bool) -> None:
    spec = function(executor, f"def handler(event:, context:)\n  {body}\nend")
    result = executor.invoke(spec)
    payload = json.loads(result.payload)
    assert list(payload) == ["errorMessage", "errorType", "stackTrace"]
    assert (result.function_error, payload["errorType"]) == ("Unhandled", kind)
    assert payload["errorMessage"].startswith(message)
    if "Nesting" not in kind:
        assert payload["stackTrace"][-1].startswith("/var/task/app.rb:2:in `")
    assert executor.messages(spec)[2].endswith("from handler method\n" if goes_on else "exception from handler\n")
    assert json.loads(executor.messages(spec)[3]) == payload
    assert (executor.invoke(spec).init_ms is None) is goes_on


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        ("", "nope.handler", "Init<LoadError>", "cannot load such file -- nope"),
        ("raise KeyError, 'k'", "app.handler", "Init<KeyError>", "k"),
        ("def (", "app.handler", "Init<SyntaxError>", "/var/task/app.rb:1: syntax error"),
        ("", "app", "Init<ArgumentError>", 'Invalid handler ["app"], must be of form FILENAME.METHOD'),
    ],
)
def test_init_failures(executor: RunningExecutor, source: str, handler: str, kind: str, message: str) -> None:
    spec = function(executor, source, handler=handler)
    result = executor.invoke(spec)
    payload = json.loads(result.payload)
    assert (payload["errorType"], payload["errorMessage"][: len(message)]) == (kind, message)
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


def test_responses_of_every_length_beyond_ascii(executor: RunningExecutor) -> None:
    spec = function(
        executor, "def handler(event:, context:) = event == 300 ? raise('\u00fc' * event) : '\u00fc' * event"
    )
    for length in (1, 60, 126, 128, 200, 40_000):
        assert json.loads(executor.invoke(spec, length).payload) == "\u00fc" * length
    assert json.loads(executor.invoke(spec, 300).payload)["errorMessage"] == "\u00fc" * 300


def test_what_handlers_are_methods_of(executor: RunningExecutor) -> None:
    source = """
        @seen = true
        def call(event:, context:)
          @count = (@count || 0) + 1
          [self.class, @seen, @count]
        end
        """
    spec = function(executor, source, handler="app.call")
    assert [json.loads(executor.invoke(spec).payload) for _ in range(2)] == [["LambdaHandler", None, n] for n in (1, 2)]


def test_a_method_that_is_not_there(executor: RunningExecutor) -> None:
    payload = json.loads(executor.invoke(function(executor, "", handler="app.nope")).payload)
    assert payload["errorType"] == "Function<NoMethodError>"


def test_the_largest_response_and_one_more(executor: RunningExecutor) -> None:
    spec = function(executor, "def handler(event:, context:) = 'x' * event", memory_mb=512)
    largest = 6 * 1024 * 1024 + 100
    assert len(executor.invoke(spec, largest - 2).payload) == largest
    assert executor.invoke(spec, largest - 1).error_type == "Function.ResponseSizeTooLarge"


def test_timeout_and_memory(executor: RunningExecutor) -> None:
    assert executor.invoke(function(executor, "def handler(event:, context:) = loop {}", timeout_s=1)).error_type == (
        "Sandbox.Timedout"
    )
    source = "def handler(event:, context:)\n  kept = []\n  loop { kept << 'x' * 1_048_576 }\nend"
    assert executor.invoke(function(executor, source)).error_type == "Runtime.OutOfMemory"


def test_an_interpreter_that_knows_its_library_by_its_path(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., RunningExecutor]
) -> None:
    """As rbenv installs them: seen at /var/lang, and where they are on the machine."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:  # /tmp is the function's own in a sandbox
        own = Path(place, "bin")
        own.mkdir()
        own.parent.chmod(0o755)
        shutil.copy(RUBIES[0].path, own / "ruby")
        monkeypatch.setenv("PATH", f"{own}:/usr/bin:/bin")
        source = f"def handler(event:, context:) = [File.readlink('/proc/self/exe'), File.exist?('{own}/ruby')]"
        seen = start().run({"app.rb": source}, runtime="ruby3.3", stand_in=RUBIES[0].runtime)
        assert seen == ["/var/lang/bin/ruby", True]
