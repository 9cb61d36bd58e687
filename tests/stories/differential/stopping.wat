;; A filter that stops at the headers of requests. The first letter of the path says what it does then:
;;
;;   a  answers at once
;;   d  drains each piece of the body, stops with the watermark (2), and answers at the end
;;   b  the same, and stops with the buffer (1)
;;   n  the same, and stops without either (3)
;;   f  answers at the first piece of the body
;;   g  lets everything go at the first piece of the body
;;   k  keeps the body, and lets everything go at the end
;;   s  does nothing, but stops at the headers of the response and lets it go at its body
;;
;; At each piece it asks for the path again, which is there only while the headers have not passed.
(module
  (import "env" "proxy_get_header_map_value"
    (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_body (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) ":path")
  (data (i32.const 32) "taken")
  (data (i32.const 48) "{}")
  ;; One pair: its number, the sizes, and both texts with a zero after each.
  (data (i32.const 64) "\01\00\00\00\0c\00\00\00\10\00\00\00content-type\00application/json\00")
  (global $mode (mut i32) (i32.const 0))

  (func (export "proxy_abi_version_0_2_1"))
  (func (export "_initialize"))
  ;; What a host gives is read before it gives anything else.
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))

  (func $ask_path
    (drop (call $header (i32.const 0) (i32.const 16) (i32.const 5) (i32.const 0) (i32.const 4))))
  (func $is (param $mode i32) (result i32) (i32.eq (global.get $mode) (local.get $mode)))
  (func $drains (result i32)
    (i32.or (call $is (i32.const 100)) (i32.or (call $is (i32.const 98)) (call $is (i32.const 110)))))
  (func $answer
    (drop (call $reply (i32.const 202) (i32.const 32) (i32.const 5) (i32.const 48) (i32.const 2)
      (i32.const 64) (i32.const 42) (i32.const -1))))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (call $ask_path)
    (global.set $mode (i32.load8_u (i32.add (i32.load (i32.const 0)) (i32.const 1))))
    (if (call $is (i32.const 115)) (then (return (i32.const 0))))
    (if (i32.or (call $is (i32.const 97)) (local.get 2)) (then (call $answer)))
    (i32.const 1))

  (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
    (call $ask_path)
    (if (i32.or (call $is (i32.const 103)) (call $is (i32.const 115)))
      (then (return (i32.const 0))))
    (if (call $is (i32.const 107)) (then (return (i32.eqz (local.get 2)))))
    (if (call $is (i32.const 102)) (then (call $answer) (return (i32.const 1))))
    (drop (call $set_body (i32.const 0) (i32.const 0) (local.get 1) (i32.const 0) (i32.const 0)))
    (if (local.get 2) (then (call $answer)))
    (if (call $is (i32.const 98)) (then (return (i32.const 1))))
    (if (call $is (i32.const 110)) (then (return (i32.const 3))))
    (i32.const 2))

  (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
    (call $ask_path)
    (if (call $drains) (then (call $answer) (return (i32.const 1))))
    (i32.const 0))

  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (call $ask_path)
    (call $is (i32.const 115)))
  (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_log") (param i32))
  (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))
  (func (export "proxy_on_delete") (param i32)))
