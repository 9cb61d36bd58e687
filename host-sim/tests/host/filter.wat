;; A filter that logs the name of every callback, counts requests and notes how streams end.
;;
;; The first byte of its configuration chooses what it does wrong or besides:
;; "r" refuses the configuration, "p" pauses request headers, "t" traps in the
;; request's body, "k" ticks every second, "g" calls what this host lacks.
(module
  (import "env" "proxy_log" (func $proxy_log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes"
    (func $buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $tick_period (param i32) (result i32)))
  (import "env" "proxy_grpc_cancel" (func $grpc_cancel (param i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "create\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 16) "request_headers\00")
  (data (i32.const 32) "request_body\00\00\00\00")
  (data (i32.const 48) "request_trailers")
  (data (i32.const 64) "response_headers")
  (data (i32.const 80) "response_body\00\00\00")
  (data (i32.const 96) "response_trailer")
  (data (i32.const 112) "log\00\00\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 128) "done\00\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 144) "delete\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 160) "tick\00\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 176) "refused by test\00")
  (data (i32.const 192) "requests")
  (data (i32.const 208) "last_flags")
  (data (i32.const 224) "response\00flags")
  (data (i32.const 240) "body end\00\00\00\00\00\00\00\00")
  (global $free (mut i32) (i32.const 1024))
  (global $mode (mut i32) (i32.const 0))
  (global $requests (mut i32) (i32.const 0))
  (global $flags (mut i32) (i32.const 0))

  (func $say (param $text i32) (param $length i32)
    (drop (call $proxy_log (i32.const 2) (local.get $text) (local.get $length))))

  (func (export "proxy_abi_version_0_2_1"))
  (func (export "_initialize"))
  ;; Every block is forgotten at once: this filter keeps none.
  (func (export "malloc") (param i32) (result i32) (global.get $free))

  (func (export "proxy_on_context_create") (param $id i32) (param $parent i32)
    (if (local.get $parent) (then (call $say (i32.const 0) (i32.const 6)))))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $buffer (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 512) (i32.const 516)))
    (global.set $mode (i32.const 0))
    (if (i32.load (i32.const 516))
      (then (global.set $mode (i32.load8_u (i32.load (i32.const 512))))))
    (drop (call $define (i32.const 0) (i32.const 192) (i32.const 8) (i32.const 520)))
    (global.set $requests (i32.load (i32.const 520)))
    (drop (call $define (i32.const 1) (i32.const 208) (i32.const 10) (i32.const 520)))
    (global.set $flags (i32.load (i32.const 520)))
    (if (i32.eq (global.get $mode) (i32.const 107)) ;; "k"
      (then (drop (call $tick_period (i32.const 1000)))))
    (if (i32.eq (global.get $mode) (i32.const 114)) ;; "r"
      (then (call $say (i32.const 176) (i32.const 15)) (return (i32.const 0))))
    (i32.const 1))
  (func (export "proxy_on_tick") (param i32) (call $say (i32.const 160) (i32.const 4)))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (call $say (i32.const 16) (i32.const 15))
    (drop (call $increment (global.get $requests) (i64.const 1)))
    (if (i32.eq (global.get $mode) (i32.const 103)) ;; "g"
      (then (drop (call $grpc_cancel (i32.const 1)))))
    (i32.eq (global.get $mode) (i32.const 112))) ;; "p"
  (func (export "proxy_on_request_body") (param i32 i32) (param $end i32) (result i32)
    (call $say (i32.const 32) (i32.const 12))
    (if (local.get $end) (then (call $say (i32.const 240) (i32.const 8))))
    (if (i32.eq (global.get $mode) (i32.const 116)) (then unreachable)) ;; "t"
    (i32.const 0))
  (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
    (call $say (i32.const 48) (i32.const 16)) (i32.const 0))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (call $say (i32.const 64) (i32.const 16)) (i32.const 0))
  (func (export "proxy_on_response_body") (param i32 i32) (param $end i32) (result i32)
    (call $say (i32.const 80) (i32.const 13))
    (if (local.get $end) (then (call $say (i32.const 240) (i32.const 8))))
    (i32.const 0))
  (func (export "proxy_on_response_trailers") (param i32 i32) (result i32)
    (call $say (i32.const 96) (i32.const 16)) (i32.const 0))
  (func (export "proxy_on_log") (param i32)
    (call $say (i32.const 112) (i32.const 3))
    (if (i32.eqz (call $property (i32.const 224) (i32.const 14) (i32.const 512) (i32.const 516)))
      (then (drop (call $record
        (global.get $flags) (i64.load (i32.load (i32.const 512))))))))
  (func (export "proxy_on_done") (param i32) (result i32)
    (call $say (i32.const 128) (i32.const 4)) (i32.const 1))
  (func (export "proxy_on_delete") (param i32) (call $say (i32.const 144) (i32.const 6))))
